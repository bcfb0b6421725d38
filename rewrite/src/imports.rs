//! Which crate a macro comes from that is called by its bare name: what the imports say.

use syn::{Item, UseTree};

/// Imported names, each with the crate if it comes from the root of one.
#[derive(Clone, Default)]
pub(crate) struct Imports(Vec<(String, Option<String>)>);

impl Imports {
    /// Those of a module, where its own macros count as coming from elsewhere.
    pub(crate) fn of(items: &[Item]) -> Self {
        let mut imports = Imports::default();
        for item in items {
            match item {
                Item::Use(import) => imports.add(&import.tree),
                Item::Macro(definition) => {
                    let name = definition.ident.as_ref();
                    imports.0.extend(name.map(|name| (name.to_string(), None)));
                }
                _ => {}
            }
        }
        imports
    }

    /// Adds what is imported.
    pub(crate) fn add(&mut self, tree: &UseTree) {
        match tree {
            UseTree::Path(path) => self.add_from(Some(&path.ident.to_string()), &path.tree),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.add(tree)),
            _ => {}
        }
    }

    fn add_from(&mut self, krate: Option<&str>, tree: &UseTree) {
        let (name, krate) = match tree {
            UseTree::Name(name) => (&name.ident, krate),
            UseTree::Rename(rename) => (&rename.rename, None),
            UseTree::Path(path) => return self.add_from(None, &path.tree),
            UseTree::Group(group) => {
                return group
                    .items
                    .iter()
                    .for_each(|tree| self.add_from(krate, tree));
            }
            // Names that are imported one by one go before these.
            UseTree::Glob(_) => return,
        };
        self.0.push((name.to_string(), krate.map(str::to_owned)));
    }

    /// The crate from which a name comes, if all that is imported under it comes from there.
    pub(crate) fn krate(&self, name: &str) -> Option<&str> {
        let mut crates = self.0.iter().filter(|(known, _)| known == name);
        let first = crates.next()?.1.as_deref()?;
        crates
            .all(|(_, other)| other.as_deref() == Some(first))
            .then_some(first)
    }
}
