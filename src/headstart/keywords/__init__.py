"""Words to be heard in recordings: material, fitting, evidence, listening."""
