//! Who last used what, for a report that says for whom a task waits.

use std::collections::BTreeMap;

use crate::choice::{Resource, TaskId};

/// Of more resources it is not kept.
const RESOURCES_MAX: usize = 1 << 16;

/// Who last used each resource, if that is kept.
#[derive(Debug, Default)]
pub(crate) struct Users {
    last: Option<BTreeMap<Resource, TaskId>>,
}

impl Users {
    pub(super) fn new(are_kept: bool) -> Self {
        Users { last: are_kept.then(BTreeMap::new) }
    }

    /// A task uses a resource.
    pub(super) fn note(&mut self, resource: Resource, task: TaskId) {
        if let Some(last) = &mut self.last
            && (last.len() < RESOURCES_MAX || last.contains_key(&resource))
        {
            last.insert(resource, task);
        }
    }

    /// Who used it last, if anybody is known to have.
    pub(super) fn last_of(&self, resource: Resource) -> Option<TaskId> {
        self.last.as_ref()?.get(&resource).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choice::Label;

    const THING: Label = Label::new("test.thing");

    #[test]
    fn the_last_user_is_known_where_users_are_kept() {
        let (thing, other) = (Resource::new(THING, 1), Resource::new(THING, 2));
        for are_kept in [true, false] {
            let mut users = Users::new(are_kept);
            users.note(thing, TaskId::from_parts(1, 0));
            users.note(thing, TaskId::from_parts(2, 0));
            assert_eq!(users.last_of(thing), are_kept.then(|| TaskId::from_parts(2, 0)));
            assert_eq!(users.last_of(other), None);
        }
    }

    #[test]
    fn of_too_many_resources_the_first_stay_known() {
        let mut users = Users::new(true);
        for number in 0..=RESOURCES_MAX as u64 {
            users.note(Resource::new(THING, number), TaskId::from_parts(1, 0));
        }
        users.note(Resource::new(THING, 0), TaskId::from_parts(2, 0));
        assert_eq!(users.last_of(Resource::new(THING, 0)), Some(TaskId::from_parts(2, 0)));
        assert_eq!(users.last_of(Resource::new(THING, RESOURCES_MAX as u64)), None);
    }
}
