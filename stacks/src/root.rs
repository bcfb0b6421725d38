//! The future at which a stack begins.

/// The root future of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Root {
    /// Address of the future.
    pub address: u64,
    /// Address that leads to the type of the future.
    pub anchor: Anchor,
    /// Size of the future. A type of another size is refused.
    pub size: Option<u64>,
    /// Name of the future's type by [`std::any::type_name`]. A type of another name is refused.
    pub type_name: Option<String>,
}

/// An address that leads to the type of a future.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Anchor {
    /// A function that has the type as a type parameter.
    Function {
        /// Address of the function.
        address: u64,
        /// Name of the type parameter, such as `F`.
        parameter: String,
    },
    /// A vtable of the type, for any trait.
    Vtable {
        /// Address of the vtable.
        address: u64,
    },
}

impl Root {
    /// Describes a future whose type is a type parameter of a function.
    #[must_use]
    pub fn by_function(address: u64, function: u64, parameter: &str) -> Self {
        Self::new(
            address,
            Anchor::Function {
                address: function,
                parameter: parameter.to_owned(),
            },
        )
    }

    /// Describes a future by a vtable of its type.
    #[must_use]
    pub fn by_vtable(address: u64, vtable: u64) -> Self {
        Self::new(address, Anchor::Vtable { address: vtable })
    }

    /// Describes a future of this process.
    ///
    /// The future must stay at its place and must not be polled while its stack is read, or a [`Guard`] must tell.
    ///
    /// [`Guard`]: crate::Guard
    #[must_use]
    pub fn of<F: Future>(future: &F) -> Self {
        let object: &dyn Future<Output = F::Output> = future;
        // SAFETY: a reference to a trait object consists of two words, the address of the value and that of the vtable.
        // The sizes are compared at compile time, and any word is a valid `usize`.
        let words: [usize; 2] = unsafe { std::mem::transmute(object) };
        let [address, vtable] = words.map(|word| word as u64);
        Self::by_vtable(address, vtable)
            .with_size(size_of::<F>() as u64)
            .with_type_name(std::any::type_name::<F>())
    }

    fn new(address: u64, anchor: Anchor) -> Self {
        Self {
            address,
            anchor,
            size: None,
            type_name: None,
        }
    }

    /// Sets the size that the type must have.
    #[must_use]
    pub fn with_size(self, size: u64) -> Self {
        Self {
            size: Some(size),
            ..self
        }
    }

    /// Sets the name that the type must have.
    #[must_use]
    pub fn with_type_name(self, name: impl Into<String>) -> Self {
        Self {
            type_name: Some(name.into()),
            ..self
        }
    }
}

impl Anchor {
    pub(crate) fn address(&self) -> u64 {
        match self {
            Self::Function { address, .. } | Self::Vtable { address } => *address,
        }
    }
}
