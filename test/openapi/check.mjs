// Reads {document, exchanges} from standard input. The document must be valid OpenAPI 3.1, every exchange must be
// of a documented route and status and fit its schema, and every route must have a success and a problem among them.
import { readFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";

const { document, exchanges } = JSON.parse(readFileSync(0, "utf8"));
const faults = [];

const { valid, errors } = await new Validator().validate(structuredClone(document));
if (!valid || !document.openapi.startsWith("3.1.")) {
  faults.push(`the document is not OpenAPI 3.1: ${JSON.stringify(errors)}`);
} else {
  contract();
}
faults.forEach((fault) => console.error(fault));
process.exitCode = faults.length > 0 ? 1 : 0;

function contract() {
  // Formats are hints for people here; what huma adds to a schema for them is no rule either.
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema(document, "document");
  const seen = new Set();
  for (const { route, status, type, body } of exchanges) {
    const [method, path] = route.split(" ");
    const responses = document.paths[path]?.[method.toLowerCase()]?.responses ?? {};
    const name = status in responses ? String(status) : status >= 400 && "default" in responses ? "default" : undefined;
    if (name === undefined || !(type in (responses[name].content ?? {}))) {
      faults.push(`${route}: ${status} ${type} is not documented`);
      continue;
    }
    const at = ["paths", path, method.toLowerCase(), "responses", name, "content", type, "schema"];
    const check = ajv.compile({ $ref: `document#/${at.map(escaped).join("/")}` });
    if (!check(body)) faults.push(`${route}: ${status}: ${ajv.errorsText(check.errors)}`);
    seen.add(`${route} ${name}`);
  }
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, { responses }] of Object.entries(item)) {
      for (const name of Object.keys(responses)) {
        const want = `${method.toUpperCase()} ${path} ${name}`;
        if (!seen.has(want)) faults.push(`${want}: no exchange shows it`);
      }
    }
  }
}

function escaped(part) {
  return encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));
}
