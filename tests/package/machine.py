"""A machine to throw away: this one's files as they are, under an overlay in
memory, with a systemd, processes and a network of its own."""

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

PATIENCE = 120  # seconds that nothing here takes

# What becomes the machine's process 1. Its cgroup is one of its own, made in
# the tree that all see, and then the root of the tree that it sees. Kernel and
# devices stay those of whoever runs this: nothing inside may set them.
INIT = r"""
set -eu
root=$1/root
mount --make-rprivate /
mount -t tmpfs -o mode=755 none "$1"
mkdir "$1/upper" "$1/work" "$root"
mount -t overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" none "$root"
cd "$root"
mount -t proc none proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro none sys
mount -t cgroup2 none sys/fs/cgroup
mkdir "sys/fs/cgroup/$2"
echo 0 >"sys/fs/cgroup/$2/cgroup.procs"
umount sys/fs/cgroup
mount -t tmpfs -o mode=755 none dev
mkdir dev/pts dev/shm
for device in null zero full random urandom tty; do
	touch "dev/$device"
	mount --bind "/dev/$device" "dev/$device"
done
mount -t devpts -o newinstance,ptmxmode=666,mode=620 none dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount -t tmpfs -o mode=755 none run
mount -t tmpfs -o mode=1777 none tmp
# Also what keeps services from starting, and what makes each package slow.
rm -f etc/fstab usr/sbin/policy-rc.d var/lib/man-db/auto-update
# Without this, invoke-rc.d finds no init system and does nothing.
[ -e sbin/init ] || ln -s /lib/systemd/systemd sbin/init
ip link set lo up
mkdir -p mnt
exec unshare --cgroup sh -euc '
	mount -t cgroup2 none sys/fs/cgroup
	pivot_root . mnt
	umount -l mnt
	exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		setpriv --bounding-set=-sys_module,-sys_time,-sys_boot,-sys_rawio \
		/lib/systemd/systemd --unit=basic.target --log-target=console
'
"""

# The cgroups that are left when all processes have ended.
FORGET = r"""
set -eu
mount -t cgroup2 none "$1"
find "$1/$2" -depth -type d -exec rmdir {} +
"""


class Machine:
    """For a with statement; needs root."""

    def __enter__(self):
        self.dir = Path(tempfile.mkdtemp(prefix="mirrorboot-machine-"))
        self.cgroup = self.dir.name
        self.log = open(self.dir / "log", "w+")
        self.unshare = subprocess.Popen(
            ["unshare", "--mount", "--net", "--pid", "--uts", "--ipc",
             "--fork", "--kill-child", "sh", "-c", INIT, "init",
             self.mount_point(), self.cgroup],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        try:
            self.wait_for("systemd", self.is_up)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.unshare.kill()  # and with it everything inside
        self.unshare.wait()
        self.wait_for("cgroups to be empty", lambda: subprocess.run(
            ["unshare", "--mount", "sh", "-c", FORGET, "forget",
             self.mount_point(), self.cgroup], capture_output=True,
            check=False).returncode == 0)
        self.log.close()
        shutil.rmtree(self.dir)

    def mount_point(self):
        path = self.dir / "mount"
        path.mkdir(exist_ok=True)
        return path

    def wait_for(self, what, condition):
        end = time.monotonic() + PATIENCE
        while not (result := condition()):
            if time.monotonic() > end:
                self.log.seek(0)
                raise AssertionError(f"waited {PATIENCE} s for {what}\n"
                                     + self.log.read())
            time.sleep(0.05)
        return result

    def is_up(self):
        if self.unshare.poll() is not None:
            self.log.seek(0)
            raise AssertionError(f"no machine:\n{self.log.read()}")
        children = Path(f"/proc/{self.unshare.pid}/task/{self.unshare.pid}"
                        "/children").read_text().split()
        if not children:
            return False
        self.init = children[0]
        self.root = Path(f"/proc/{self.init}/root")
        return self.try_run("systemctl is-active basic.target"
                            ).returncode == 0

    def command(self, line):
        """The arguments that run a line of shell in the machine."""
        return ["nsenter", "--all", "--target", self.init, "env", "-i",
                "--chdir=/", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
                "sh", "-c", line]

    def try_run(self, line):
        """Run it, and say what became of it."""
        return subprocess.run(
            self.command(line), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=PATIENCE, check=False)

    def run(self, line):
        """What it printed; it must not fail."""
        done = self.try_run(line)
        if done.returncode != 0:
            raise AssertionError(f"{line}: exit status {done.returncode}\n"
                                 + done.stdout)
        return done.stdout
