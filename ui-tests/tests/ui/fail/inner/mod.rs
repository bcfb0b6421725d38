// The module of `../module_in_another_file.rs`.
