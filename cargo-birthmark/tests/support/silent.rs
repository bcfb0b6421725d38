//! Roles that say nothing. A role says nothing if it is `{task}`, has no name before its dot, or is `{closure}` or `{async}`
//! of a function that only spawns what it was given.

/// Functions of programs that spawn what they are given. Their own roles say nothing.
fn is_wrapper(function: &str) -> bool {
    let name = function.rsplit("::").next().unwrap_or(function);
    name.starts_with("spawn") || name == "execute"
}

/// Returns `true` if a role tells nothing of its task.
pub fn says_nothing(role: &str) -> bool {
    let of_wrapper = ["::{closure}", "::{async}"]
        .iter()
        .filter_map(|end| role.strip_suffix(end))
        .any(is_wrapper);
    role.contains("{task}") || role.starts_with('.') || of_wrapper
}

/// Returns the percentage of roles that say nothing, and these roles.
pub fn share<'a>(roles: impl Iterator<Item = &'a str>) -> (f64, usize, Vec<&'a str>) {
    let roles: Vec<&str> = roles.collect();
    let silent: Vec<&str> = roles
        .iter()
        .copied()
        .filter(|role| says_nothing(role))
        .collect();
    let share = 100.0 * silent.len() as f64 / roles.len().max(1) as f64;
    (share, roles.len(), silent)
}
