// The map on the page of pieces: fences of the committed city, a few made-up shoppers, one walker.
import { cityMap } from "moments/map";
import { config } from "moments/shell";

const surface = await cityMap(document.getElementById("map"), { fences: config.city.places });
if (surface) {
  surface.setShoppers([{ id: "a", lon: 24.9441, lat: 60.1699 }, { id: "b", lon: 24.9466, lat: 60.1689 }, { id: "c", lon: 24.9402, lat: 60.1689 }]);
  surface.addMoment({ id: "m", lon: 24.94833, lat: 60.16907 }, 600000);
  surface.walker({ lon: 24.9475, lat: 60.1686, name: "Jane" });
}
