"""Which words mean what, in English, Finnish and Swedish.

Pure data. A cue is one word or several that follow each other; `*` stands for any ending. `SURE` cues carry an intent alone, `FAIR` ones
together with others. Everything is folded before it is compared. Names of products and places are not here: they come from the
catalogue.
"""

from __future__ import annotations

from notifications.conversations.knowledge import Intent

SURE: dict[Intent, dict[str, str]] = {
    Intent.PRICE: {
        "en": "how much is|hwo much is|how much are|how much does|how much do|how much for|how much would|price*|pricing|cost|costs|what does it cost",
        "fi": "paljonko maksa*|mitä maksa*|mitä se maksa*|maksaa|maksavat|hinta*|hinna*|paljon maksa*|kuinka paljon maksa*|mitä tämä maksa*|paljonko se maksa*",
        "sv": "vad kostar|vad går på|kostar|kosta|pris|priset|priser|hur mycket kostar|hur mycket är|hur dyr*",
    },
    Intent.STOCK: {
        "en": "in stock|on stock|out of stock|sold out|left in stock|do you have any|have you got any|available|availability|any left|how many left",
        "fi": "varasto*|onko teillä|löytyykö*|saatavilla|saatavana|loppu|loppunut|jäljellä|onko vielä|myydäänkö",
        "sv": "i lager|lager*|finns det|har ni|slutsål*|tillgänglig*|kvar|finns den|på hyllan",
    },
    Intent.ALLERGY: {
        "en": "allerg*|nutfree|glutenfree|dairyfree|milkfree|lactosefree|nut free|gluten free|dairy free|milk free|lactose free|egg free|soy free|soya free|peanut free|coeliac|celiac|intoleran*|anaphyla*|traces of|may contain|safe for someone with|wheat free|epipen",
        "fi": "allergi*|allergee*|pähkinätö*|pähkinättö*|gluteeniton*|gluteenittom*|maidoton*|maidottom*|laktoosito*|laktoositto*|keliaki*|yliherk*|munaton*|munattom*|soijaton*|soijattom*|voiko sisältää|jäämiä|vehnätön*",
        "sv": "allerg*|nötfri*|glutenfri*|mjölkfri*|laktosfri*|äggfri*|sojafri*|jordnötsfri*|celiaki*|glutenintoler*|intoleran*|överkänslig*|spår av|kan innehålla",
    },
    Intent.INGREDIENTS: {
        "en": "ingredient*|what is in the|whats in the|what is in it|whats in it|made of|made from|what is it made|recipe|what are they made",
        "fi": "ainekset|aineksia|ainesosa*|valmistusaine*|mistä tehty|mistä se on tehty|mitä sisältää|mitä siinä on|mistä tehd*|mitä se sisältää",
        "sv": "ingrediens*|vad innehåller|gjord av|gjorda av|vad är det i|vad är den gjord|innehållsförteckning*",
    },
    Intent.ORDER: {
        "en": "my order|my order*|order status|status of order|track*|my parcel*|my package*|where is order|my purchase|order number|when will my order|my delivery",
        "fi": "tilaukse*|tilaus|tilauks*|pakettini|lähetykseni|missä paketti*|ostokseni",
        "sv": "min order*|min beställning*|beställning*|mitt paket*|orderstatus|min leverans*|spåra*|mina beställning*|ordern",
    },
    Intent.OFFERS: {
        "en": "offer|offers|coupon*|discount*|voucher*|deals|my deals|any deals|promotion*|promo",
        "fi": "tarjou*|kuponk*|kupong*|alennu*|etuja|etuni|etukoodi*",
        "sv": "erbjudande*|kupong*|rabatt*|kampanj*|värdekod*",
    },
    Intent.WHY_NOT: {
        "en": "why did i not get|why didnt i get|why did not i get|why havent i|why have i not|why no offer*|why no coupon*|didnt get the offer|did not get the offer|didnt get any|didnt get a coupon|got no offer*|got no coupon*|didnt receive",
        "fi": "miksi en saanut|miksen saanut|miksi minä en saanut|en saanut tarjou*|en saanut kupon*|miksi en ole saanut|miksi ei tullut|en saanut alennu*",
        "sv": "varför fick jag inte|varför fick jag ing*|varför har jag inte|fick inget erbjud*|fick ingen kupong|fick ingen rabatt|fick inte erbjud*|varför fick inte jag|fick inte rabatt*",
    },
    Intent.HOURS: {
        "en": "opening hour*|opening time*|what time do you|are you open|open today|open tomorrow|open on|open now|closing time|when do you open|when do you close|hours|when does * close|what time does|still open|open until|do you open|you close|closed on|when are you open|when is the shop open|stay open|shop open|store open",
        "fi": "aukiolo*|auki|aukeaa|aukeatte|avoinna|suljet*|menee kiinni|monelta sulje*|sulkeutu*|mihin aikaan|milloin avaa*|monelta avaa*|kiinni|milloin sulje*|avaatte",
        "sv": "öppettid*|öppet|öppnar|stänger|öppna idag|när stäng*|hur länge har ni|stängt|öppen",
    },
    Intent.RETURNS: {
        "en": "return|returns|returning|refund*|money back|exchange*|send it back|bring it back|give it back|return policy|take back|changed my mind",
        "fi": "palaut*|vaihtaa|vaihto-oikeu*|rahat takaisin|hyvity*|vaihto oikeu*|vaihdan",
        "sv": "retur*|returner*|lämna tillbaka|byta|pengarna tillbaka|återbetal*|ångerrätt*|öppet köp|skicka tillbaka",
    },
    Intent.CARE: {
        "en": "clean|cleaning|wash*|look after|take care of|care for|caring for|care instruction*|how do i store|how should i store|store it|how to store|keep fresh|water it|watering|how often do i water|maintain*|how long does it keep|how long do they keep|shelf life|how should i keep|last longer|trim*",
        "fi": "puhdist*|pestä|pesen|pesu*|hoitaa|hoito*|hoida*|säilyt*|kastel*|kuinka pitkään säily*|säilyy|säilyvät|hoidan",
        "sv": "rengör*|tvätta*|sköta|sköter|skötsel*|skötselråd*|förvara*|vattna*|hållbar*|ta hand om|hur länge håller",
    },
    Intent.DELIVERY: {
        "en": "deliver|delivery|deliveries|shipping|ship to|do you ship|postage|home delivery|pick up|pickup|collect it|click and collect|courier|shipped|ship",
        "fi": "toimitu*|toimitatte*|kotiinkulje*|kuljetu*|nouto*|noutaa|postikulu*|lähetättekö|toimittaa|toimitetaan|kotiintoimitu*",
        "sv": "leverans*|levererar|leverera|frakt*|hemleverans*|hämta upp|skickar ni|porto|upphämtning*|hämta i butik*|hemkör*",
    },
    Intent.CART: {
        "en": "add to cart|to my cart|in my cart|into my cart|to my basket|in my basket|into my basket|to the cart|to the basket|in the cart|in the basket|i would like to buy|id like to buy|i want to buy|id like to order|i would like to order|i want to order|ill take|i will take|buy",
        "fi": "ostoskori*|haluan ostaa|haluaisin ostaa|haluaisin tilata|otan|ostan|koriin|ostaisin|tilaisin|haluan tilata",
        "sv": "varukorg*|korgen|kundvagn*|vill köpa|skulle vilja köpa|jag tar|vill beställa|köpa|köper|skulle vilja beställa",
    },
    Intent.PLAN: {
        "en": "party|garden party|people over|friends over|birthday|wedding|guests|dinner for|celebrat*|gift for|present for|picnic|hosting|coming over|anniversary",
        "fi": "juhl*|juhla*|pihajuhl*|grillijuhl*|kesäjuhl*|illanistuj*|puutarhajuhl*|synttär*|syntymäpäiv*|häät|häihin|vieraita|vieraalle|lahjaksi|kutsut|piknik*|kutsuil*",
        "sv": "fest|festen|trädgårdsfest*|grillfest*|middagsbjudning*|födelsedag*|bröllop*|kalas*|gäster|present till|bjuder|firar|picknick*|fira",
    },
    Intent.PERSON: {
        "en": "human|real person|a person|talk to someone|speak to someone|speak with someone|talk to a|speak to a|speak with a|agent|customer service|representative|employee|staff|call me|a manager|somebody real|not a bot|not a robot",
        "fi": "ihmi*|asiakaspalvel*|henkilö*|oikealle ihmiselle|myyjän kanssa|soittakaa|jonkun kanssa|en botti*|ei robot*|työntekijä*|esimie*",
        "sv": "människa|riktig person|en person|kundtjänst*|kundservice*|medarbetare|prata med någon|tala med någon|ring mig|personal*|chef*|inte en bot|inte en robot",
    },
    Intent.PROBLEM: {
        "en": "allergic reaction|got sick|felt sick|feel sick|feeling sick|sick after|feel ill|felt ill|unwell|threw up|vomit*|wilted|melted|spoiled|rotten|gone off|ill after|food poisoning|charged twice|double charged|wrong order|wrong item*|missing item*|broken|damaged|complain*|complaint|lawyer|police|stolen|hacked|unauthori*|never arrived|furious|unacceptable|throat is swelling|cannot breathe|cant breathe|hospital|mouldy|moldy|erase my data|delete my data|paid twice|choking|ambulance|emergency|swelling|hives",
        "fi": "allerginen reaktio|huono olo|pahoinvoi*|oksen*|nuutun*|kuihtun*|lakastun*|pilaantu*|sulanut|sulaneet|sain reaktion|sairastu*|ruokamyrkyt*|veloitettu kahdesti|veloitettiin kahdesti|rikki|viallinen|vahingoittu*|valitu*|reklamaatio*|poliisi*|varastet*|hakkeroi*|väärä tuote|puuttuu|homeessa|homeinen|vaurioitu*|hengittä*|sairaala*|turpoaa|turvo*|ambulanss*|kahteen kertaan",
        "sv": "allergisk reaktion|blev sjuk|mår illa|mår dåligt|kräk*|vissn*|vissen|smält*|skämd*|ruttn*|rutten*|matförgift*|dragit två gånger|debiterad två*|dubbel debit*|trasig*|skadad*|klagomål*|reklam*|polis*|stulen|stulet|hackad|fel vara|saknas|mögl*|kom aldrig|andas|sjukhus*|svullnar|svull*|ambulans*|debiterats två*|betalat två",
    },
    Intent.GENUINE: {
        "en": "really from you|really you|from you or|is this you|is it really|was that you|scam|phishing|fraud*|fake|genuine|legit*|did you send|suspicious|spam|is this from|is that from",
        "fi": "huijau*|onko tämä oikeasti|oikeasti teiltä|todella teiltä|aito|väärenn*|lähetittekö|oletteko lähettä*|epäilyttäv*|kalastel*|teidän lähettämä*|teiltä",
        "sv": "bedrägeri*|är det verkligen|verkligen från er|från er|bluff*|falsk*|äkta|har ni skickat|skickade ni|skickat detta|misstänk*|nätfiske*|lurendrej*",
    },
    Intent.GREETING: {
        "en": "hello|hi|hey|good morning|good evening|good afternoon|how are you|who are you|what can you do|are you a bot|are you a robot",
        "fi": "hei|moi|terve|hyvää päivää|huomenta|hyvää huomenta|mitä kuuluu|kuka olet|mitä osaat|iltaa|oletko robotti|oletko botti|moikka|heippa|päivää",
        "sv": "hej|hallå|god morgon|god kväll|god dag|hur mår du|vem är du|vad kan du|tjena|är du en bot|är du en robot|hejsan",
    },
    Intent.THANKS: {
        "en": "thank*|thx|cheers|bye|goodbye|thats all|great help",
        "fi": "kiito*|kiiti*|näkemiin|hei hei|moi moi|tattis",
        "sv": "tack|tackar|hej då|adjö|tusen tack",
    },
    Intent.YES: {
        "en": "yes|yeah|yep|yes please|sure|ok|okay|please do|go ahead|that one|right|correct|agreed|i agree",
        "fi": "kyllä|joo|juu|kyllä kiitos|ok|okei|sopii|niin|totta kai|selvä",
        "sv": "ja|japp|ja tack|visst|ok|okej|gärna|absolut|det går bra|javisst",
    },
    Intent.NO: {
        "en": "no|nope|no thanks|no thank you|dont|rather not|not now|neither|none of them",
        "fi": "ei|ei kiitos|en halua|älä|ei nyt|en",
        "sv": "nej|nej tack|inte nu|nä|ingen av dem",
    },
}  # fmt: skip

FAIR: dict[Intent, dict[str, str]] = {
    Intent.PRODUCT: {
        "en": "what is|whats|tell me about|describe|more about|what kind|what are|taste*|what flavour*|information about",
        "fi": "mikä on|mikä|millainen|kerro|kertoisitko|millaisia|miltä maistu*|lisää tietoa|minkälai*",
        "sv": "vad är|berätta|beskriv|vilken sorts|hur smakar|mer om|vad för|information om",
    },
    Intent.PRICE: {"en": "how much|euro*|expensive|cheap*|pay", "fi": "paljonko|euro*|kallis|kallista|halpa*|maksu", "sv": "hur mycket|euro*|dyr*|billig*|betala"},
    Intent.STOCK: {"en": "do you have|do you sell|have you got|stock|got any|here|do you still have", "fi": "onko|myyttekö|täällä|saako", "sv": "finns|säljer ni|här|har du"},
    Intent.ALLERGY: {
        "en": "contain*|free of|safe|eat|without|free from|with",
        "fi": "sisält*|onko siinä|voinko syödä|turvalli*|syödä|ilman|onko se",
        "sv": "innehåll*|fri från|säker*|äta|utan|finns det",
    },
    Intent.ORDER: {"en": "order|parcel|package|arrive*|when will|status|bought", "fi": "paketti|saapuu|tulee|milloin", "sv": "order|paket|kommer|status|köpt"},
    Intent.HOURS: {"en": "open|close|closes|when|today|tomorrow|closed|sunday|saturday", "fi": "milloin|monelta|tänään|huomenna|sunnuntai*|lauantai*", "sv": "när|idag|imorgon|söndag*|lördag*"},
    Intent.PLAN: {"en": "for * people|people|persons|twelve of us", "fi": "hengelle|henkeä|ihmiselle", "sv": "personer|för * personer|pers"},
    Intent.CART: {"en": "cart|basket|order some|take|two of|put", "fi": "laita|lisää|kori", "sv": "lägg|korg|vagn"},
    Intent.OFFERS: {"en": "deal|sale|cheaper|benefit*", "fi": "etu|ale", "sv": "rea|förmån*"},
    Intent.PERSON: {"en": "someone|somebody|person|help me", "fi": "joku|auttakaa|apua", "sv": "någon|person|hjälp mig"},
    Intent.GENUINE: {"en": "message*|text|sms|email|code|link", "fi": "viesti*|tekstiviest*|koodi*|linkk*", "sv": "meddeland*|sms|mejl|kod*|länk*"},
    Intent.CARE: {"en": "store|keep|water|care", "fi": "säily*|vesi", "sv": "håller|vatten|vård*"},
    Intent.DELIVERY: {"en": "send|home|collect|post", "fi": "kotiin|postitse|lähettää", "sv": "hem|posten|skicka|hämta"},
}  # fmt: skip

ALLERGENS: dict[str, str] = {
    "nuts": "nutfree|nut|nuts|nutty|hazelnut*|almond*|walnut*|cashew*|pistachio*|pecan*|macadamia*|pähkin*|hasselpähkin*|mantel*|saksanpähkin*|cashewpähkin*|nötter|nötfri*|nötallerg*|hasselnöt*|mandel*|valnöt*|cashewnöt*|pistage*",
    "peanuts": "peanut*|groundnut*|maapähkin*|jordnöt*",
    "milk": "dairyfree|milkfree|lactosefree|milk|dairy|lactose|butter|cream|maito*|maido*|laktoosi*|laktoosit*|mjölk*|laktos*|smör",
    "gluten": "glutenfree|gluten*|wheat|rye|barley|gluteen*|vehn*|ruis|ruista|ohra*|vete*|råg|rågen|korn|coeliac|celiac|keliaki*|celiaki*",
    "eggs": "egg|eggs|muna|munaa|munia|kananmun*|munat*|ägg|ägget|äggfri*",
    "soya": "soy|soya|soybean*|soija*|soja*",
    "sesame": "sesame|seesam*|sesam*",
    "sulphites": "sulphite*|sulfite*|sulfiit*|sulfit*",
    "fish": "fish|kala|kalaa|fisk",
    "crustaceans": "shellfish|crustacean*|shrimp*|prawn*|äyriäi*|katkara*|skaldjur*|räk*",
    "molluscs": "mollusc*|mollusk*|mussel*|nilviäi*|simpuk*|blötdjur*|musslor",
    "celery": "celery|celeriac|selleri*",
    "mustard": "mustard|sinap*|senap*",
    "lupin": "lupin*|lupiin*",
}
"""The fourteen that must be declared in the European Union, by the words people use. What is called a nut may be either kind."""

ANY_ALLERGEN = "allergen|allergens|allergy information|allergy info|allergic ingredients|allergeeni*|allergeenit|allergiatied*|allergener|allergenerna|allergiinformation"

_TO_TWELVE: dict[str, int] = {
    word: number
    for number, names in enumerate(
        (
            "", "one|yksi|yks|yhden|yhdelle|en|ett", "two|kaksi|kaks|kahdelle|två|couple", "three|kolme|kolmelle|tre", "four|neljä|neljälle|fyra", "five|viisi|viidelle|fem",
            "six|kuusi|kuudelle|sex", "seven|seitsemän|seitsemälle|sju", "eight|kahdeksan|kahdeksalle|åtta", "nine|yhdeksän|yhdeksälle|nio", "ten|kymmenen|kymmenelle|tio",
            "eleven|yksitoista|elva", "twelve|kaksitoista|kahdelletoista|dozen|tolv|tusina",
        )
    )
    for word in names.split("|") if word
}  # fmt: skip
NUMBERS: dict[str, int] = {
    **_TO_TWELVE,
    "fifteen": 15, "viisitoista": 15, "viidelletoista": 15, "femton": 15, "twenty": 20, "kaksikymmentä": 20, "kahdellekymmenelle": 20, "tjugo": 20, "thirty": 30, "trettio": 30, "kolmekymmentä": 30,
}

DAYS: dict[str, str] = {
    "mon": "monday*|mondays|maanantai*|måndag*", "tue": "tuesday*|tiistai*|tisdag*", "wed": "wednesday*|keskiviik*|onsdag*", "thu": "thursday*|torstai*|torsdag*",
    "fri": "friday*|perjantai*|fredag*", "sat": "saturday*|lauantai*|lördag*", "sun": "sunday*|sunnuntai*|söndag*",
    "today": "today|now|tonight|tänään|nyt|idag|ikväll|i dag|nu", "tomorrow": "tomorrow|huomenna|imorgon|i morgon|huomisaamu*",
}  # fmt: skip

POINTS_BACK = "it|its|that|this|they|them|those|these|that one|this one|se|sen|sitä|siinä|siitä|sitä|ne|niitä|niiden|tämä|tämän|tuo|nämä|niissä|det|den|dem|dess|de|dessa|denna|detta"

PEOPLE = "people|persons|guests|of us|adults|kids|friends|hengelle|henkeä|ihmistä|vierasta|vieraalle|personer|gäster|pers|vänner|barn|ystävälle|henkilölle"

SMALL: dict[str, str] = {
    "en": "giving a an the is are was were be been am i you he she we they me my mine your our us of to in on at for from with without and or but if so do does did can could would should will shall may might must have has had having "
    "this that these those it its there here what which who when where why how any some all much many more most no not yes please thanks just also too very really want like need get got give tell know see buy "
    "im ive id ill youre whats wheres hows thats lets dont doesnt didnt cant one ones thing things something anything product products item items shop store again still about into by as than then now "
    "today tomorrow want wanted looking look find say says said friend daughter son husband wife child kids mother father guest guests person people ok okay currently later soon only both each every bit lot kind sort "
    "contain contains containing eat safe take put add order ordered make made price month box bar bag piece pieces gram grams someone somebody everyone other another day week time hi hello hey since because bought buying exactly actually maybe "
    "sell selling suitable severe allergy allergic allergies trace traces amount tasty delicious good nice favourite favorite best please kindly wondering wonder question ask asking check checking info information anyone give gives serve coming come "
    "teh plan planning plans over sweet coffee confirm anyway weekend evening morning afternoon next last year half pack packet cup two three four five six seven eight nine ten",
    "fi": "on onko ovat oli ole olen olet se ne siinä sitä sen minä mina sinä te teillä teidän me mun minun mulla minulla ja tai mutta jos kun että mitä mikä mitkä missä milloin miksi miten kuka kuinka paljonko paljon ei en kyllä joo "
    "hei kiitos voi voin voiko voinko saa saako saanko haluan haluaisin tämä tämän nämä tuo tuota siis vielä nyt täällä tästä tälle kanssa ilman myös vain jotain jotakin joku mitään yksi kaksi kpl kappale tuote tuotetta tuotteen kauppa "
    "kaupassa myymälä tytär poika lapsi ystävä ystäväni tyttäreni poikani lapseni mieheni vaimoni kuukauden olla kiinnostaa tiedätkö haluaa pitää että sisältää sisältävät sisältääkö syödä turvallinen maksaa osta ostaa sille hän hänellä hänelle hänen "
    "paketti pussi kuppi kupissa anna kerro nuo olisi onkohan löytyy löytyykö teiltä teille moi allerginen allergia allergiaa allergisia muun muassa varmasti kai mahdollisesti jäämiä pieniä",
    "sv": "är var vara jag du ni vi de dem det den en ett och eller men om så att i på till för från med utan av inte ja nej tack snälla kan kunde skulle vill ska har hade finns vad vilken vilka vem när var varför hur mycket många mer "
    "min mitt mina din ditt er era ert vår vårt den här denna detta något någon några alla bara också mycket hej köpa få fick ge säg vet se butik butiken affär affären vara varan produkt produkten dotter son barn vän man fru mamma pappa månadens "
    "blir bli inga ingen inget ju väl då nu där sen innehåller innehålla äta säker tar lägg kostar styck st nån nåt mej dej åt gärna undrar tål allergisk allergiska allergi svår spår låda påse kopp kaka mot är det",
}  # fmt: skip
"""Words that say nothing by themselves. A word that is neither here, nor a cue, nor a name is strange to us."""

LEANINGS: dict[str, str] = {
    "en": "the is are do does you my what how where when why and for please of it can have with there this who",
    "fi": "on onko mitä missä milloin miksi paljonko ja teillä minun hei kiitos se että kuinka voiko saako mikä",
    "sv": "är det och jag ni vad när var hur mycket en ett har kan till för hej tack inte finns den vem igår",
}
"""Words that tell the language."""
