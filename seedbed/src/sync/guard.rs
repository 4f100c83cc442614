//! What every guard does: it gives what is locked, and shows it.

/// `Deref`, `Debug` and `Display` of a guard, and `DerefMut` after `mut`.
macro_rules! guard {
    ([$($generics:tt)*] $name:ty, $target:ty) => {
        impl<$($generics)*> std::ops::Deref for $name {
            type Target = $target;

            fn deref(&self) -> &$target {
                &self.inner
            }
        }

        impl<$($generics)*> std::fmt::Debug for $name
        where
            $target: std::fmt::Debug,
        {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Debug::fmt(&**self, out)
            }
        }

        impl<$($generics)*> std::fmt::Display for $name
        where
            $target: std::fmt::Display,
        {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&**self, out)
            }
        }
    };
    (mut [$($generics:tt)*] $name:ty, $target:ty) => {
        $crate::sync::guard::guard!([$($generics)*] $name, $target);

        impl<$($generics)*> std::ops::DerefMut for $name {
            fn deref_mut(&mut self) -> &mut $target {
                &mut self.inner
            }
        }
    };
}

pub(super) use guard;
