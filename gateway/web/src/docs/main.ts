import "swagger-ui-dist/swagger-ui.css";
import "./docs.css";
import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle";
import { storedKey } from "../app/key";

const ui = SwaggerUI({
  url: "/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  docExpansion: "list",
  // A list of hundreds of schemas says nothing that is not shown where each is used.
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  filter: true,
  // Without this the page would ask a validator on the internet about the document.
  validatorUrl: null,
  onComplete: () => {
    const key = storedKey();
    if (key) {
      ui.preauthorizeApiKey("key", key);
    }
  },
});
