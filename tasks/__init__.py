"""The kernel and the seven stages of PocketMoE."""
