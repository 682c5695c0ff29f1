import { createRoot } from "react-dom/client";
import { App } from "./app";
import "./styles/base.css";
import "./styles/sidebar.css";
import "./styles/channel.css";
import "./styles/blocks.css";
import "./styles/composer.css";
import "./styles/backstage.css";
import "./styles/narrow.css";

createRoot(document.getElementById("root")!).render(<App />);
