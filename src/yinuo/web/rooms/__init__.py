"""Case rooms: asked for and approved by staff, read by the authority that was let in."""
