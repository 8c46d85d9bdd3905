/// <reference types="vite/client" />
declare module "bpmn-moddle";
declare module "bpmn-js-token-simulation";
declare module "diagram-js-minimap";
declare module "bpmn-js/lib/features/*";
declare module "bpmn-js-token-simulation/lib/viewer";
