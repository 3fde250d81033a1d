/* For a shop's own pages: puts a merchant's standing in the place of each link that asks for it.
 *
 *   <a data-yinuo-merchant="ma53nusffoapoi5t4" href="https://trust.example/merchants/ma53nusffoapoi5t4/">How we stand</a>
 *   <script src="https://trust.example/static/yinuo/embed.js" async></script>
 *
 * The link stays until the card in the frame has said that it is there, so where this site does not answer, or has nothing to
 * show, the page is as it was. Links that are added later are looked for at document.dispatchEvent(new Event("yinuo")).
 * Nothing is stored, and this site does not learn which page is being read.
 */
"use strict";

(() => {
  const site = new URL(document.currentScript.src).origin, places = [], HEIGHT_MAX = 1200;

  function place(link) {
    const { yinuoMerchant: merchant, yinuoLang: lang, yinuoScheme: scheme } = link.dataset;
    if (link.dataset.yinuoPlaced || !/^[a-z0-9]{1,20}$/.test(merchant)) return;
    link.dataset.yinuoPlaced = "waiting";
    const frame = document.createElement("iframe");
    const asked = new URLSearchParams(Object.entries({ lang, scheme }).filter(([, value]) => value)).toString();
    frame.src = `${site}/embed/merchants/${merchant}/` + (asked && `?${asked}`);
    frame.title = link.textContent.trim() || "Yinuo";
    frame.referrerPolicy = "no-referrer";
    frame.loading = "lazy";
    frame.tabIndex = -1;
    frame.setAttribute("aria-hidden", "true");
    Object.assign(frame.style, { border: "0", width: "100%", maxWidth: "26rem", height: "1px", display: "block", visibility: "hidden" });
    places.push({ frame, link });
    link.after(frame);
  }

  function show({ frame, link }, height) {
    frame.style.height = `${height}px`;
    if (link.hidden) return;
    frame.style.visibility = "visible";
    frame.removeAttribute("aria-hidden");
    frame.removeAttribute("tabindex");
    link.dataset.yinuoPlaced = "shown";
    link.hidden = true;
    link.style.display = "none";      // also where the page's own style would show it
  }

  addEventListener("message", ({ origin, source, data }) => {
    if (origin !== site || data?.yinuo !== "height" || !(data.height > 0 && data.height < HEIGHT_MAX)) return;
    const found = places.find(({ frame }) => frame.contentWindow === source);
    if (found) show(found, data.height);
  });

  const look = () => document.querySelectorAll("a[data-yinuo-merchant]").forEach(place);
  document.addEventListener("yinuo", look);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", look);
  else look();
})();
