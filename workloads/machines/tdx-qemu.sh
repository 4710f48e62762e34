#!/bin/bash
# A TD of 6 GiB with a window for 26 GiB more.
MEM=6G
ARGS=(-nographic -nodefaults)
ARGS+=(-m "$MEM",slots=4,maxmem=32G)
exec taskset -c 8-9 qemu-system-x86_64 \
  -accel kvm -cpu host -smp 2 "${ARGS[@]}" \
  -object '{"qom-type":"tdx-guest","id":"td","quote-generation-socket":{"type":"vsock","cid":"2","port":"4050"}}' \
  -object memory-backend-ram,id=ram,size="$MEM" \
  -machine q35,kernel_irqchip=split,confidential-guest-support=td,memory-backend=ram \
  -bios /usr/share/ovmf/OVMF.inteltdx.fd \
  -drive file=guest.qcow2,if=none,id=disk -device virtio-blk-pci,drive=disk
