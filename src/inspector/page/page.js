// The list of the requests, live.
const list = document.querySelector("#requests");
const events = new EventSource(`/__tricorn/events${location.search}`);
events.addEventListener("message", ({ data }) => {
  const { kind, requests } = JSON.parse(data);
  if (kind === "all") list.replaceChildren();
  for (const { number, method, target, status } of requests) {
    document.querySelector(`#request-${number}`)?.remove();
    const item = document.createElement("li");
    item.id = `request-${number}`;
    item.value = number;
    item.textContent = `${method} ${target} ${status ?? ""}`;
    list.prepend(item);
  }
});
