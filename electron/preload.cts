const { ipcRenderer }: typeof import("electron") = require("electron");
const { PORT_MESSAGE, PORT_WANTED }: typeof import("./shell/port-names.ts") = require("./shell/port-names.ts");

// Nothing of Electron reaches the page: it asks for a port by a message to itself, and is given one.
window.addEventListener("message", (event) => {
  if (event.source === window && event.data === PORT_WANTED) ipcRenderer.send(PORT_WANTED);
});
ipcRenderer.on(PORT_MESSAGE, (event) => {
  window.postMessage(PORT_MESSAGE, window.location.origin, [...event.ports]);
});
