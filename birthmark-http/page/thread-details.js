// All that is known of one OS thread.

function showThreadDetails(panel, thread, snapshot, follow) {
  panel.setAttribute("aria-label", "OS thread");
  panel.replaceChildren(
    heading(visible(thread.name) || `thread ${thread.id}`, follow),
    facts(threadFacts(thread, snapshot)),
    ...section("Runs", thread.tasks.map((id) => made("li", taskLink(id, snapshot, follow)))),
    ...nativeStack(thread),
  );
}

function threadFacts(thread, snapshot) {
  return {
    Id: thread.id,
    State: thread.state + (thread.uninterruptible ? ", uninterruptible: no signal wakes it" : ""),
    "In the kernel": code(visible(thread.doing)),
    CPU: seconds(thread.cpu_ms),
    Record: isRecorded(thread, snapshot) ? "it is a task itself" : "none: it was not spawned by instrumented code",
    Note: thread.moving && "it went on to other tasks while it was looked at",
  };
}

function taskLink(id, snapshot, follow) {
  const task = snapshot.byId(id);
  return task ? button(`${id} ${called(task)}`, () => follow.task(id), "link") : made("span", `task ${id}`);
}

/** The native stack, if stacks were taken and this thread was there. */
function nativeStack({ id }) {
  const { native_stack: stack, no_stack: why } = shown.stacks?.threads.get(id) ?? {};
  if (why) return section("Native stack", [made("li", `none: ${visible(why)}`)]);
  if (!stack) return [];
  const items = stack.frames.map(nativeFrame);
  if (!stack.complete) items.push(made("li", "and more, which could not be followed"));
  return section(`Native stack at ${shown.stacks.time}`, items, "native");
}

function nativeFrame(frame) {
  const item = made("li", code(visible(functionOf(frame))));
  if (frame.inlined) item.append(" (inlined)");
  const at = frame.file && [shortened(frame.file), frame.line, frame.column].filter(Boolean).join(":");
  if (at) item.append(classed("div", "at", visible(at)));
  return item;
}

/** A path without what leads to std and to cargo's copies of crates. */
const shortened = (path) => path.replace(/^\/rustc\/[0-9a-f]{40}\/library\/|^.*\/registry\/src\/[^/]+\//, "");
