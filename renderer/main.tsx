import { createRoot } from "react-dom/client";
import { connect } from "./api/connect.ts";
import { App } from "./app.tsx";
import { tellInBrowser } from "./notify/browser-notifications.ts";
import "./styles/index.css";

const root = document.getElementById("root");
if (root === null) throw new Error("the page has no root element");
const link = connect(window);
const stop = link.snapshot.subscribe(() => {
  const first = link.snapshot.get();
  if (first === null) return;
  stop();
  tellInBrowser(link, first);
});
createRoot(root).render(<App link={link} />);
