/** English for what has a name of its own in the code; every other text is English already. */
export const en: Record<string, string> = {
  "is ==": "is", "is !=": "is not", "is >=": "is at least", "is <=": "is at most", "is >": "is more than", "is <": "is less than",
  "status:draft": "draft", "status:published": "in force", "status:retired": "retired",
  "kind:order": "orders", "kind:fulfilment": "parcels", "kind:return": "after-sales",
  "role:manager": "manager", "role:clerk": "clerk", "role:finance": "finance", "role:warehouse": "warehouse", "role:service": "customer service", "role:arbiter": "the platform's arbiter", "role:buyer": "the buyer",
  "signal:paid": "the money has come", "signal:cancel": "the buyer cancels", "signal:arrived": "the goods have come in", "signal:refused": "the parcel is refused", "signal:withdrawn": "the buyer gives the case up", "signal:": "no message chosen",
  "domain:order": "Order", "domain:stock": "Stock", "domain:warehouse": "Warehouse", "domain:shipment": "Parcel", "domain:payment": "Money", "domain:finance": "Finance", "domain:case": "After-sales", "domain:member": "Member", "domain:invoice": "Invoice", "domain:price": "Price",
  "field:name": "name", "field:step": "step", "field:role": "who", "field:quorum": "how many agree", "field:due": "time limit", "field:table": "decision table", "field:duration": "after", "field:message": "message", "field:condition": "condition", "field:default": "for everything else", "field:kind": "kind", "field:target": "leads to", "field:source": "comes from", "field:on": "attached to", "field:inside": "stands in", "field:outcomes": "answers", "field:undo": "undone by", "field:retries": "retries",
  user: "Work of a person", service: "Automatic step", rule: "Decision table", exclusive: "Choice", parallel: "At the same time", events: "Whatever comes first", timer: "Wait for a time", message: "Wait for a message", boundary_timer: "Interrupted after a time", boundary_message: "Interrupted by a message", subprocess: "Part", start: "Start", end: "End", terminate: "End of everything", way: "Way", other: "Other element",
};
