import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { ReferencePage } from "./reference/page.tsx";

const root = document.getElementById("root");
if (root) createRoot(root).render(location.pathname === "/reference" ? <ReferencePage /> : <App />);
