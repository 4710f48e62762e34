cloud-hypervisor \
  --platform tdx=on \
  --firmware /opt/td-shim/final.bin \
  --kernel /boot/vmlinuz-6.12.8 --cmdline "root=/dev/vda3 console=hvc0 rw" \
  --cpus boot=4,max=8 \
  --memory size=8G,prefault=on \
  --disk path=guest.raw --net tap=tap0
