export { listScenarios } from "./scenarios/catalogue.ts";
