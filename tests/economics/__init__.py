"""What the engine earns against what theory says that it must."""
