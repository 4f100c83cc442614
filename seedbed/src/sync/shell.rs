//! What the shell around an end of one of tokio's channels has of that end.

/// Implements `Deref` and `Debug` for shells, which have the fields `inner` and `resource` and the name of tokio's type in the module
/// `tokios`; besides them what is named: `DerefMut`, `Clone`, and `Into` for that into tokio's type.
macro_rules! shell {
    ($end:ident $(: $($more:ident),+)?) => {
        impl<T> std::ops::Deref for $end<T> {
            type Target = tokios::$end<T>;

            fn deref(&self) -> &Self::Target {
                &self.inner
            }
        }

        impl<T> std::fmt::Debug for $end<T> {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.inner.fmt(out)
            }
        }

        $($($crate::sync::shell::shell!(@$more $end);)+)?
    };
    (@DerefMut $end:ident) => {
        impl<T> std::ops::DerefMut for $end<T> {
            fn deref_mut(&mut self) -> &mut Self::Target {
                &mut self.inner
            }
        }
    };
    (@Clone $end:ident) => {
        impl<T> Clone for $end<T> {
            fn clone(&self) -> Self {
                $end { inner: self.inner.clone(), resource: std::sync::Arc::clone(&self.resource) }
            }
        }
    };
    (@Into $end:ident) => {
        impl<T> From<$end<T>> for tokios::$end<T> {
            fn from(end: $end<T>) -> Self {
                end.inner
            }
        }
    };
}

pub(super) use shell;
