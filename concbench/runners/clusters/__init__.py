"""What a runner of clusters needs: workers of this machine, a look at a scheduler and its workers, chunks of tasks."""
