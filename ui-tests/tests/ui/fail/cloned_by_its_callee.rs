fn spawn<F: FnOnce() -> usize + Clone>(f: F) -> usize {
    f.clone()() + f()
}

fn spawn_local(task: impl std::future::Future<Output = ()> + Clone) {
    drop(task);
}

#[birthmark::instrument]
fn main() {
    spawn(|| 1);
    spawn_local(std::future::ready(()));
}
