// Talks HTTP to the sandbox; the only file that knows its addresses.

const BASE = new URL("..", import.meta.url);

async function call(path, options) {
  const answer = await fetch(new URL(path, BASE), options);
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Error(body.error || `HTTP ${answer.status}`), { status: answer.status });
  return body;
}

const post = (path, body) =>
  call(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

/** Address of a stored file, for <img>, <audio> and downloads. */
export const fileUrl = (fileId) => new URL(`sandbox/files/${encodeURIComponent(fileId)}`, BASE).href;

/** Address of one of the page's own files. */
export const ownUrl = (path) => new URL(path, import.meta.url).href;

export const people = () => call("sandbox/people");
export const chat = (userId) => call(`sandbox/chat/${userId}`);
export const send = (userId, body) => post(`sandbox/chat/${userId}/send`, body);
export const press = (userId, messageId, data) =>
  post(`sandbox/chat/${userId}/press`, { message_id: messageId, data });
export const demoState = () => call("demo/state");
export const pushClock = (push) => post("demo/clock", { push });

/** Sends files as multipart: type photo, album, voice or document; files are File objects. */
export function sendFiles(userId, type, files, fields = {}) {
  const form = new FormData();
  form.set("type", type);
  for (const [name, value] of Object.entries(fields)) if (value) form.set(name, String(value));
  for (const file of files) form.append("file", file, file.name);
  return call(`sandbox/chat/${userId}/send`, { method: "POST", body: form });
}

/** One event stream for the people on screen; opens again by itself after a loss. */
export class Events {
  constructor({ onEvent, onOpen, onLost }) {
    Object.assign(this, { onEvent, onOpen, onLost, source: null, retry: 0 });
  }

  /** Watches these people from now on; onOpen follows, and then the chats should be read afresh. */
  watch(userIds) {
    clearTimeout(this.retry);
    this.source?.close();
    const source = new EventSource(new URL(`sandbox/events?users=${userIds.join(",")}`, BASE));
    this.source = source;
    source.onopen = () => this.onOpen();
    source.onmessage = (event) => this.take(event);
    source.onerror = () => {
      if (source !== this.source) return;
      this.onLost();
      // After an HTTP error (not a mere loss) the browser gives up for good: start over ourselves.
      if (source.readyState === EventSource.CLOSED) this.retry = setTimeout(() => this.watch(userIds), 2000);
    };
  }

  take(event) {
    const found = JSON.parse(event.data || "null");
    if (found?.user_id) this.onEvent(found);
  }
}
