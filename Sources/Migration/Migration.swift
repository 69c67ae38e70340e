// Wire format and transport of streams; see ARCHITECTURE.md.
