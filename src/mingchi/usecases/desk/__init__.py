"""What people who work with flows see: `queue` their work, `details` one item, `finding` by a code
that was scanned, `about` what an item is about, `watching` where everything waits, `words`."""
