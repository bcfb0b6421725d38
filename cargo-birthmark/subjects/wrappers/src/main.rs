//! Programs that spawn through functions of their own, rebuilt: those of lighthouse, vector and zenoh. Each starts a few
//! tasks that wait for ever. The panic at the end makes a dump of all of them.

mod lighthouse;
mod vector;
mod zenoh;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    lighthouse::start();
    vector::start();
    zenoh::start();
    // All tasks are polled once.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    panic!("show all");
}
