/**
 * The options of qemu-system-x86_64 that take no value, and those that take one, from 2.0 to 10.2 (qemu-options.hx and
 * docs/about/removed-features.rst; `id` is Proxmox'); without them nobody could tell a value from an image of a disk.
 */

const WITHOUT_VALUE = `h help version audio-help snapshot usb nographic curses sdl full-screen win2k-hack no-fd-bootchk
  no-acpi no-hpet singlestep one-insn-per-tb preconfig S s enable-kvm enable-hax enable-hvf xen-attach
  xen-domid-restrict no-reboot no-shutdown daemonize only-migratable nodefaults semihosting old-param no-user-config
  nodefconfig async-teardown enable-sync-profile mem-prealloc localtime rtc-td-hack tdf no-kvm no-kvm-irqchip no-kvm-pit
  no-kvm-pit-reinjection enable-fips alt-grab ctrl-grab no-frame no-quit std-vga`;

const WITH_VALUE = `machine M cpu accel smp numa add-fd set global boot m k audio audiodev soundhw device name uuid fda fdb
  hda hdb hdc hdd cdrom blockdev drive mtdblock sd fsdev virtfs iscsi usbdevice display spice portrait rotate vga g vnc
  acpitable smbios netdev nic net chardev bt tpmdev bios pflash kernel shim append initrd dtb compat fw_cfg serial
  parallel monitor qmp qmp-pretty mon debugcon pidfile overcommit gdb d D seed dfilter L xen-domid xen-create action
  loadvm option-rom rtc icount watchdog watchdog-action echr incoming prom-env semihosting-config sandbox readconfig
  writeconfig trace plugin qtest qtest-log run-with msg dump-vmstate object chroot runas mem-path realtime balloon
  startdate tb-size hdachs virtioconsole no-kvm-shadow-memory smb redir tftp bootp id`;

const VALUES: ReadonlyMap<string, boolean> = new Map([
  ...WITHOUT_VALUE.split(/\s+/).map((name) => [name, false] as const),
  ...WITH_VALUE.split(/\s+/).map((name) => [name, true] as const),
]);

/** Names of all options, without the dash. */
export const QEMU_OPTIONS: readonly string[] = [...VALUES.keys()];

/** Whether an option takes a value; undefined for one that QEMU does not have. */
export function takesValue(name: string): boolean | undefined {
  return VALUES.get(name);
}
