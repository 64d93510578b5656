import { createRoot } from "react-dom/client";
import { connect } from "./api/connect.ts";
import { App } from "./app.tsx";
import "./styles/index.css";

const root = document.getElementById("root");
if (root === null) throw new Error("the page has no root element");
createRoot(root).render(<App link={connect(window)} />);
