"""What we say, in English, Finnish and Swedish.

Pure data and `say`. Every sentence is written by hand in each language; facts are put in, never words. Must not decide which is said.
"""

from __future__ import annotations

from notifications.conversations.knowledge import LANGUAGES

Words = dict[str, tuple[str, str, str]]
"""Key -> English, Finnish, Swedish."""

SAYINGS: Words = {
    "greeting": (
        "Hello! I am the shop's assistant, a program. Ask me about products, allergens, your orders, offers, opening hours, returns or care; or say “a person, please”.",
        "Hei! Olen kaupan avustaja, tietokoneohjelma. Kysy tuotteista, allergeeneista, tilauksista, tarjouksista, aukioloajoista, palautuksista tai hoidosta; tai sano ”ihminen, kiitos”.",
        "Hej! Jag är butikens assistent, ett program. Fråga om varor, allergener, beställningar, erbjudanden, öppettider, returer eller skötsel; eller säg ”en människa, tack”.",
    ),
    "thanks": ("You are welcome.", "Ole hyvä.", "Varsågod."),
    "fine": ("All right.", "Selvä.", "Okej."),
    "ask_again": (
        "I am not sure what you mean. Could you say it in other words? I know about products, allergens, orders, offers, opening hours, returns, delivery and care.",
        "En ole varma, mitä tarkoitat. Voisitko sanoa sen toisin? Tiedän tuotteista, allergeeneista, tilauksista, tarjouksista, aukioloajoista, palautuksista, toimituksesta ja hoidosta.",
        "Jag är inte säker på vad du menar. Kan du säga det med andra ord? Jag kan svara om varor, allergener, beställningar, erbjudanden, öppettider, returer, leverans och skötsel.",
    ),
    "which_product": ("Which product do you mean: {names}?", "Mitä tuotetta tarkoitat: {names}?", "Vilken vara menar du: {names}?"),
    "which_product_open": ("Which product do you mean? Please write its name.", "Mitä tuotetta tarkoitat? Kirjoita sen nimi.", "Vilken vara menar du? Skriv dess namn."),
    "which_place": ("Which shop do you mean: {names}?", "Mitä myymälää tarkoitat: {names}?", "Vilken butik menar du: {names}?"),
    "which_order": ("Which order do you mean: {names}?", "Mitä tilausta tarkoitat: {names}?", "Vilken beställning menar du: {names}?"),
    "which_code": (
        "Please write the code or the word that stood in the message, between quotation marks. Do not open its link before I have answered.",
        "Kirjoita viestissä ollut koodi tai sana lainausmerkeissä. Älä avaa sen linkkiä, ennen kuin olen vastannut.",
        "Skriv koden eller ordet som stod i meddelandet, inom citattecken. Öppna inte länken förrän jag har svarat.",
    ),
    "how_many_people": ("For how many people?", "Kuinka monelle hengelle?", "För hur många personer?"),
    "hand_off": (
        "A person will answer you here. Until then I keep quiet.",
        "Ihminen vastaa sinulle täällä. Siihen asti olen hiljaa.",
        "En människa svarar dig här. Tills dess är jag tyst.",
    ),
    "product": ("{name}: {description} {price}.", "{name}: {description} {price}.", "{name}: {description} {price}."),
    "price": ("{name} costs {price}.", "{name} maksaa {price}.", "{name} kostar {price}."),
    "stock": (
        "{name}: we have {count} in all. What lies on the shelf of one shop I do not see.",
        "{name}: meillä on yhteensä {count}. Yksittäisen myymälän hyllyä en näe.",
        "{name}: vi har {count} sammanlagt. Vad som ligger på en enskild butiks hylla ser jag inte.",
    ),
    "no_stock": ("{name} is sold out.", "{name} on loppunut.", "{name} är slutsåld."),
    "contains": ("{name} contains {allergens}.", "{name} sisältää: {allergens}.", "{name} innehåller {allergens}."),
    "may_contain": ("{name} may contain traces of {allergens}.", "{name} saattaa sisältää jäämiä: {allergens}.", "{name} kan innehålla spår av {allergens}."),
    "not_declared": (
        "{name} is declared without {allergens}, and without traces of it.",
        "{name}: ilmoituksen mukaan ei sisällä eikä sisällä jäämiä: {allergens}.",
        "{name} är deklarerad utan {allergens}, och utan spår av det.",
    ),
    "none_of_fourteen": (
        "{name} is declared without any of the fourteen allergens that must be named.",
        "{name}: ilmoituksen mukaan ei sisällä mitään neljästätoista ilmoitettavasta allergeenista.",
        "{name} är deklarerad utan någon av de fjorton allergener som måste anges.",
    ),
    "allergen_unknown": (
        "We do not know that for certain, and I will not guess about allergies. A person will tell you. Please do not eat it before.",
        "Emme tiedä sitä varmasti, enkä arvaa allergioista. Ihminen kertoo sinulle. Älä syö sitä ennen sitä.",
        "Det vet vi inte säkert, och jag gissar inte om allergier. En människa svarar dig. Ät den inte innan dess.",
    ),
    "ingredients": ("{name}: {text}", "{name}: {text}", "{name}: {text}"),
    "care": ("{name}: {text}", "{name}: {text}", "{name}: {text}"),
    "order": ("Your order {id} of {day}, {total}: {state}.", "Tilauksesi {id}, {day}, {total}: {state}.", "Din beställning {id} från {day}, {total}: {state}."),
    "no_order": ("I find no order of yours.", "En löydä sinulta tilausta.", "Jag hittar ingen beställning av dig."),
    "unknown_order": (
        "I find no order of yours with this number. Please look at it once more; it stands on the page of the order.",
        "En löydä sinulta tilausta tällä numerolla. Tarkista se; se on tilauksen sivulla.",
        "Jag hittar ingen beställning av dig med det numret. Se efter en gång till; det står på beställningens sida.",
    ),
    "offers": ("Yours now: {offers}.", "Sinulla on nyt: {offers}.", "Du har nu: {offers}."),
    "offer": ("{title} (until {until})", "{title} ({until} asti)", "{title} (till {until})"),
    "no_offers": ("You have no offer at the moment.", "Sinulla ei ole nyt tarjouksia.", "Du har inga erbjudanden just nu."),
    "why_not": ("Every reason why stands here.", "Kaikki syyt ovat täällä.", "Alla skäl står här."),
    "nothing_weighed": (
        "No offer has been weighed for you lately. Offers come with a visit to a shop, if you have allowed your position and offers that fit.",
        "Sinulle ei ole viime aikoina harkittu tarjousta. Tarjoukset tulevat myymäläkäynnin myötä, jos olet sallinut sijainnin ja sinulle sopivat tarjoukset.",
        "Inget erbjudande har övervägts för dig på sistone. Erbjudanden kommer med ett butiksbesök, om du har tillåtit position och erbjudanden som passar.",
    ),
    "hours": ("{place}, {day}: {hours}.", "{place}, {day}: {hours}.", "{place}, {day}: {hours}."),
    "closed": ("{place} is closed on {day}.", "{place} on suljettu: {day}.", "{place} är stängd: {day}."),
    "returns": (
        "You may return what is unused within {days} days, to any of our shops, with the order. Food and flowers cannot be returned, unless something is wrong with them.",
        "Voit palauttaa käyttämättömän tuotteen {days} päivän kuluessa mihin tahansa myymäläämme tilauksen kanssa. Elintarvikkeita ja kukkia ei voi palauttaa, ellei niissä ole vikaa.",
        "Du kan lämna tillbaka oanvända varor inom {days} dagar i vilken som helst av våra butiker, med beställningen. Mat och blommor kan inte returneras, om det inte är fel på dem.",
    ),
    "delivery": ("{methods}. You choose at the checkout.", "{methods}. Valitset kassalla.", "{methods}. Du väljer i kassan."),
    "method": ("{name}: {price}", "{name}: {price}", "{name}: {price}"),
    "free": ("free of charge", "maksutta", "utan kostnad"),
    "propose": ("I suggest: {lines} ({prices} each). Shall I put that into your cart?", "Ehdotan: {lines} ({prices} kappale). Lisäänkö ne koriisi?", "Jag föreslår: {lines} ({prices} styck). Ska jag lägga det i din varukorg?"),
    "line": ("{count} × {name}", "{count} × {name}", "{count} × {name}"),
    "in_cart": ("It is in your cart.", "Se on korissasi.", "Det ligger i din varukorg."),
    "remember": (
        "May I remember for your next visits: {needs}? Only if you say yes, and you can take it back under My data. It stands under your consent “{title}”: {notice}",
        "Saanko muistaa seuraavia käyntejäsi varten: {needs}? Vain jos sanot kyllä; voit perua sen kohdassa My data. Se kuuluu suostumukseesi ”{title}”: {notice}",
        "Får jag komma ihåg till dina nästa besök: {needs}? Bara om du säger ja; du kan ta tillbaka det under My data. Det hör till ditt samtycke ”{title}”: {notice}",
    ),
    "need_people": ("a party for {people}", "juhlat {people} hengelle", "en fest för {people}"),
    "need_free_from": ("without {allergens}", "ilman: {allergens}", "utan {allergens}"),
    "remembered": ("I will remember it.", "Muistan sen.", "Jag kommer ihåg det."),
    "cannot_remember": (
        "I cannot remember it now; look under My data what is switched off.", "En voi muistaa sitä nyt; katso My data -sivulta, mikä on pois päältä.", "Jag kan inte komma ihåg det nu; se under My data vad som är avstängt.",
    ),
    "genuine": ("Yes, that is from us: “{title}”.", "Kyllä, se on meiltä: ”{title}”.", "Ja, det är från oss: ”{title}”."),
    "genuine_word": ("Yes, “{code}” is your word with us.", "Kyllä, ”{code}” on sanasi meidän kanssamme.", "Ja, ”{code}” är ditt ord hos oss."),
    "not_genuine": (
        "No. We sent you nothing with “{code}”. Do not open its link and do not answer it.",
        "Ei. Emme ole lähettäneet sinulle mitään, jossa olisi ”{code}”. Älä avaa linkkiä äläkä vastaa.",
        "Nej. Vi har inte skickat dig något med ”{code}”. Öppna inte länken och svara inte.",
    ),
    "too_long": ("That was too long for me; I read the first {chars} characters.", "Se oli minulle liian pitkä; luin ensimmäiset {chars} merkkiä.", "Det var för långt för mig; jag läste de första {chars} tecknen."),
}  # fmt: skip

ALLERGEN_NAMES: Words = {
    "nuts": ("nuts", "pähkinät", "nötter"), "peanuts": ("peanuts", "maapähkinät", "jordnötter"), "milk": ("milk", "maito", "mjölk"), "gluten": ("gluten", "gluteeni", "gluten"),
    "eggs": ("eggs", "kananmuna", "ägg"), "soya": ("soya", "soija", "soja"), "sesame": ("sesame", "seesami", "sesam"), "sulphites": ("sulphites", "sulfiitit", "sulfiter"),
    "fish": ("fish", "kala", "fisk"), "crustaceans": ("crustaceans", "äyriäiset", "kräftdjur"), "molluscs": ("molluscs", "nilviäiset", "blötdjur"),
    "celery": ("celery", "selleri", "selleri"), "mustard": ("mustard", "sinappi", "senap"), "lupin": ("lupin", "lupiini", "lupin"),
}  # fmt: skip

DAY_NAMES: Words = {
    "mon": ("Monday", "maanantai", "måndag"), "tue": ("Tuesday", "tiistai", "tisdag"), "wed": ("Wednesday", "keskiviikko", "onsdag"), "thu": ("Thursday", "torstai", "torsdag"),
    "fri": ("Friday", "perjantai", "fredag"), "sat": ("Saturday", "lauantai", "lördag"), "sun": ("Sunday", "sunnuntai", "söndag"),
}  # fmt: skip

ORDER_STATES: Words = {
    "pending": ("waiting for its payment", "odottaa maksua", "väntar på betalning"), "paid": ("paid; how far it is on its way I do not see", "maksettu; en näe, missä se kulkee", "betald; hur långt den har kommit ser jag inte"),
    "payment_failed": ("the payment did not go through", "maksu ei onnistunut", "betalningen gick inte igenom"), "cancelled": ("cancelled", "peruttu", "avbruten"),
    "refunded": ("paid back", "hyvitetty", "återbetald"),
}  # fmt: skip


def say(key: str, language: str, table: Words = SAYINGS, **facts: object) -> str:
    """The sentence in the language, with the facts put in."""
    return table[key][LANGUAGES.index(language)].format(**facts)


def listed(keys: tuple[str, ...], language: str, table: Words) -> str:
    """Names of the keys, with commas between."""
    return ", ".join(say(key, language, table) for key in keys)
