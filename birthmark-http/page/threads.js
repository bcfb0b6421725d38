// The OS threads, whether tasks run on them or not.

const threadKey = (id) => `thread ${id}`;

function threadRows({ snapshot, threads, sort }) {
  const cells = (thread) => (column) => COLUMNS[column].cell(thread, snapshot);
  const row = (thread) => ({ key: threadKey(thread.id), thread, snapshot, cell: cells(thread) });
  return new Rows(sorted(threads, sort, snapshot), row, (thread) => threadKey(thread.id));
}

/** What the kernel says that it does. */
function doing({ doing, uninterruptible }) {
  return [["", visible(doing)], ["waits-for-disk", uninterruptible ? "uninterruptible" : ""]];
}

/** The tasks that run on it, the innermost first. */
function runs({ tasks, moving }, snapshot) {
  const pieces = tasks.flatMap((id, i) => [["faint", i ? "in" : ""], ["task", called(snapshot.byId(id), id), id]]);
  return [...pieces, ["faint", tasks.length === 0 ? "no task" : moving ? "and went on" : ""]];
}

/** What is a thread itself, rather than something that runs on one. */
const THREADS = ["thread", "scoped thread", "main thread", "foreign thread"];

/** Whether one of its tasks is the thread itself. */
function isRecorded({ tasks }, snapshot) {
  return tasks.some((id) => THREADS.includes(snapshot.byId(id)?.kind));
}

function record(thread, snapshot) {
  return isRecorded(thread, snapshot) ? plain("recorded") : [["unrecorded", "unrecorded"]];
}

/** The function in which it stood when stacks were taken; empty if they were not. */
function standsIn({ id }) {
  const { native_stack: stack, no_stack: why } = shown.stacks?.threads.get(id) ?? {};
  return why ? `no stack: ${why}` : stack ? functionOf(stack.frames.find(isOurs) ?? stack.frames[0]) : "";
}

/** Whether the frame is of neither std nor the C library, in which most threads wait. */
const isOurs = ({ file }) => file && !/^\/rustc\/|\/lib\/rustlib\/|\/sysdeps\//.test(file);

const functionOf = (frame) => frame?.function ?? frame?.address ?? "";

/** Whether the program lets stacks be taken, as it says at the end of the page. */
const MAY_TAKE_STACKS = $("native-stacks") !== null;

/** Asks each thread for its stack, once. */
async function takeStacks() {
  $("stacks").disabled = true;
  shown.notTaken = "";
  try {
    const snapshot = await read("most=0&threads=stacks&state=running", AbortSignal.timeout(PATIENCE));
    const threads = new Map((snapshot.threads ?? []).map((thread) => [thread.id, thread]));
    shown.stacks = { time: timeOf(snapshot), threads };
    say(`Stacks of ${plural(threads.size, "thread")} were taken`);
  } catch (error) {
    shown.notTaken = reason(error);
  } finally {
    $("stacks").disabled = false;
  }
  draw();
}

function drawStacksBar() {
  $("stacks-bar").hidden = shown.view !== "threads";
  $("stacks").hidden = !MAY_TAKE_STACKS;
  $("stacks").textContent = shown.stacks ? "Take native stacks again" : "Take native stacks";
  $("stacks-note").textContent = shown.notTaken || stacksNote();
}

function stacksNote() {
  if (shown.stacks) return `Stacks are those of ${shown.stacks.time}. Threads have gone on since.`;
  return MAY_TAKE_STACKS
    ? "Interrupts each thread for a moment, by a signal: a system call that it waits in may return EINTR."
    : "Native stacks are off: the program allows them with Options::native_stacks.";
}
