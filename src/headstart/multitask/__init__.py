"""Several tasks: one task in many groups, tasks beside a target, tasks alike."""
