//! Which share of a sweep this process makes, as systems for many machines say it.

use sim_explorer::Shard;

/// How many shares there are, where the system says only which one this is.
const COUNT: &str = "SEEDBED_SHARDS";

/// The variables of one system.
struct System {
    /// Which share.
    index: &'static str,
    /// The index of the first.
    first: First,
    /// How many there are.
    count: &'static str,
    /// What lies between the indices of two neighbours.
    step: Option<&'static str>,
}

enum First {
    Is(u32),
    IsIn(&'static str),
}

const SYSTEMS: [System; 6] = [
    // GitLab, and others that have taken its names.
    System { index: "CI_NODE_INDEX", first: First::Is(1), count: "CI_NODE_TOTAL", step: None },
    // Buildkite.
    System {
        index: "BUILDKITE_PARALLEL_JOB",
        first: First::Is(0),
        count: "BUILDKITE_PARALLEL_JOB_COUNT",
        step: None,
    },
    // CircleCI.
    System { index: "CIRCLE_NODE_INDEX", first: First::Is(0), count: "CIRCLE_NODE_TOTAL", step: None },
    // A Slurm array.
    System {
        index: "SLURM_ARRAY_TASK_ID",
        first: First::IsIn("SLURM_ARRAY_TASK_MIN"),
        count: "SLURM_ARRAY_TASK_COUNT",
        step: Some("SLURM_ARRAY_TASK_STEP"),
    },
    // An indexed job of Kubernetes.
    System { index: "JOB_COMPLETION_INDEX", first: First::Is(0), count: COUNT, step: None },
    // GNU parallel.
    System { index: "PARALLEL_SEQ", first: First::Is(1), count: COUNT, step: None },
];

/// The share that the environment names, and by which variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// None.
    Whole,
    /// This one.
    Shard(Shard, &'static str),
    /// One of an unknown number, by this variable.
    Uncounted(&'static str),
}

/// The variables contradict each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{index}={value} is no share of {count_variable}={count}; give --shard I/N, or --shard 1/1 for all runs"
)]
pub(crate) struct ShardEnvError {
    index: &'static str,
    value: String,
    count_variable: &'static str,
    count: String,
}

/// Looks at these variables; the first system that is complete is meant.
pub(crate) fn named(read: impl Fn(&str) -> Option<String>) -> Result<Named, ShardEnvError> {
    let mut uncounted = Named::Whole;
    for system in &SYSTEMS {
        let Some(value) = read(system.index) else { continue };
        let Some(count) = read(system.count) else {
            uncounted = Named::Uncounted(system.index);
            continue;
        };
        let shard = shard(system, &value, &count, &read);
        return shard.map(|shard| Named::Shard(shard, system.index)).ok_or(ShardEnvError {
            index: system.index,
            value,
            count_variable: system.count,
            count,
        });
    }
    Ok(uncounted)
}

fn shard(system: &System, value: &str, count: &str, read: impl Fn(&str) -> Option<String>) -> Option<Shard> {
    let first = match system.first {
        First::Is(first) => first,
        First::IsIn(variable) => read(variable).map_or(Some(0), |first| first.parse().ok())?,
    };
    let step = system.step.and_then(read).map_or(Some(1), |step| step.parse().ok())?;
    let behind = value.parse::<u32>().ok()?.checked_sub(first)?;
    Shard::new(behind.checked_div(step)?, count.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Result<Named, String> {
        let read = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_string())
        };
        named(read).map_err(|error| error.to_string())
    }

    fn is_shard(variables: &[(&str, &str)], text: &str) {
        match of(variables) {
            Ok(Named::Shard(shard, _)) => assert_eq!(shard.to_string(), text, "{variables:?}"),
            other => panic!("{variables:?}: {other:?}"),
        }
    }

    #[test]
    fn each_system_says_which_share_it_is() {
        is_shard(&[("CI_NODE_INDEX", "1"), ("CI_NODE_TOTAL", "4")], "1/4");
        is_shard(&[("CI_NODE_INDEX", "4"), ("CI_NODE_TOTAL", "4")], "4/4");
        is_shard(&[("BUILDKITE_PARALLEL_JOB", "0"), ("BUILDKITE_PARALLEL_JOB_COUNT", "3")], "1/3");
        is_shard(&[("CIRCLE_NODE_INDEX", "2"), ("CIRCLE_NODE_TOTAL", "3")], "3/3");
        is_shard(&[("JOB_COMPLETION_INDEX", "0"), ("SEEDBED_SHARDS", "8")], "1/8");
        is_shard(&[("PARALLEL_SEQ", "8"), ("SEEDBED_SHARDS", "8")], "8/8");
        let slurm = |id| {
            [("SLURM_ARRAY_TASK_ID", id), ("SLURM_ARRAY_TASK_MIN", "10"), ("SLURM_ARRAY_TASK_COUNT", "3")]
        };
        is_shard(&slurm("12"), "3/3");
        let stepped = |id| [&slurm(id)[..], &[("SLURM_ARRAY_TASK_STEP", "5")]].concat();
        is_shard(&stepped("20"), "3/3");
    }

    #[test]
    fn without_a_count_there_is_no_share() {
        assert_eq!(of(&[]), Ok(Named::Whole));
        assert_eq!(of(&[("JOB_COMPLETION_INDEX", "3")]), Ok(Named::Uncounted("JOB_COMPLETION_INDEX")));
        assert_eq!(of(&[("SEEDBED_SHARDS", "3")]), Ok(Named::Whole));
    }

    #[test]
    fn what_is_no_share_is_refused() {
        let refusal = of(&[("CI_NODE_INDEX", "0"), ("CI_NODE_TOTAL", "4")]).unwrap_err();
        assert!(
            refusal.starts_with("CI_NODE_INDEX=0 is no share of CI_NODE_TOTAL=4; give --shard"),
            "{refusal}"
        );
        assert!(of(&[("PARALLEL_SEQ", "9"), ("SEEDBED_SHARDS", "8")]).is_err());
        assert!(of(&[("CIRCLE_NODE_INDEX", "x"), ("CIRCLE_NODE_TOTAL", "3")]).is_err());
    }
}
