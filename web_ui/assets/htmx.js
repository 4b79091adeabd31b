// htmx as it comes; its settings stand in the frame's <meta name="htmx-config">.
import htmx from "htmx.org";

window.htmx = htmx;
