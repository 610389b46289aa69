// Portico works without this file. With it: a sign-in link is read from the fragment, the address fields follow the country
// without a reload, and a visit can be renewed by a code without losing what was typed. No words live here.
"use strict";

const find = (selector, root = document) => root.querySelector(selector);
document.documentElement.classList.add("scripted");
