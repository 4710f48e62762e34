crosvm run --disable-sandbox --mem 4096 --cpus num-cores=4 -p root=/dev/vda -p quiet \
  --block rootfs.img,root,ro /boot/vmlinuz-6.18.2
