// Requests to the server of this page. Changes go one after the other, each with the latest revision.

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function answer(request) {
  let response;
  try {
    response = await request;
  } catch {
    throw new Refused(0, "vidlabel does not answer: it was ended. Everything up to here is kept; start it again.");
  }
  const type = response.headers.get("content-type") ?? "";
  const content = type.includes("json") ? await response.json() : { error: await response.text() };
  if (!response.ok) throw new Refused(response.status, content.error || `Refused (${response.status}).`);
  return content;
}

export const get = (path) => answer(fetch(path));

export const post = (path, body = {}) =>
  answer(fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }));

export async function frameTimes(video) {
  const response = await fetch(`media/${video}/times`);
  return response.ok ? new Float64Array(await response.arrayBuffer()) : new Float64Array();
}

// Runs tasks one after the other; a failed one does not keep the next from running.
export class Queue {
  #last = Promise.resolve();

  run(task) {
    const result = this.#last.then(task);
    this.#last = result.catch(() => {});
    return result;
  }
}

// Marks an element as busy while tasks are running.
export class BusyQueue extends Queue {
  #waiting = 0;

  constructor(element) {
    super();
    this.element = element;
  }

  run(task) {
    this.#count(1);
    return super.run(task).finally(() => this.#count(-1));
  }

  #count(more) {
    this.#waiting += more;
    this.element.setAttribute("aria-busy", String(this.#waiting > 0));
  }
}
