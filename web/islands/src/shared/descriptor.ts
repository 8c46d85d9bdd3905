/** Our attributes on BPMN elements, for bpmn-moddle: namespace `urn:mingchi:flow:1`. */
export const MINGCHI = {
  name: "Mingchi",
  prefix: "mingchi",
  uri: "urn:mingchi:flow:1",
  xml: { tagAlias: "lowerCase" },
  types: [
    {
      name: "Work",
      extends: [
        "bpmn:UserTask",
        "bpmn:ServiceTask",
        "bpmn:BusinessRuleTask",
        "bpmn:IntermediateCatchEvent",
        "bpmn:BoundaryEvent",
      ],
      properties: ["step", "role", "quorum", "due", "table"].map((name) => ({
        name,
        isAttr: true,
        type: "String",
      })),
    },
  ],
};
