"""Parts of cluster runners: a local cluster, checks of a scheduler and its workers, and chunks of tasks."""
