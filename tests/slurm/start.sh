#!/usr/bin/env bash
# A real Slurm on this one machine, for the tests: a controller and three nodes, each with its own slurmd. Cores, memory
# and two nodes' GPUs are pretended. As root on Debian, with packages slurmctld slurmd slurm-client munge; all it writes is in the
# folder given, but for two links in /etc/slurm. `start.sh FOLDER stop` ends what it started and takes them away.
set -euo pipefail
home=$(mkdir -p "${1:?a folder for its files}" && cd "$1" && pwd)

stop() {
    for file in "$home"/*.pid; do
        if [ -e "$file" ]; then kill "$(cat "$file")" 2>/dev/null || true; fi
    done
}
if [ "${2:-}" = stop ]; then stop; rm -f /etc/slurm/slurm.conf /etc/slurm/gres.conf; exit; fi

if [ -e /etc/slurm/slurm.conf ] && [ "$(readlink /etc/slurm/slurm.conf)" != "$home/slurm.conf" ]; then
    echo "$0: /etc/slurm/slurm.conf is another cluster's; this is for a machine that has none" >&2
    exit 1
fi

host=$(hostname -s)
mkdir -p "$home"/spool/{n1,n2,n3} "$home/state"
chmod 755 "$home"
for number in 0 1 2 3; do
    [ -e "$home/nvidia$number" ] || mknod "$home/nvidia$number" c 1 3  # the null device
done
[ -e "$home/munge.key" ] || (umask 077 && dd if=/dev/urandom of="$home/munge.key" bs=1 count=1024 status=none)
cat >"$home/slurm.conf" <<CONF
ClusterName=isobudget
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=16817
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$home/munge.socket
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MinJobAge=300
ReturnToService=2
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,batch_sched_delay=1,sched_min_interval=100000
StateSaveLocation=$home/state
SlurmdSpoolDir=$home/spool/%n
SlurmctldPidFile=$home/slurmctld.pid
SlurmdPidFile=$home/%n.pid
SlurmctldLogFile=$home/slurmctld.log
SlurmdLogFile=$home/%n.log
GresTypes=gpu
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=16821 CPUs=16 RealMemory=128000
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=16822 CPUs=16 RealMemory=128000 Gres=gpu:pretended:2
NodeName=n3 NodeHostname=$host NodeAddr=127.0.0.1 Port=16823 CPUs=16 RealMemory=128000 Gres=gpu:pretended:2
PartitionName=cpu Nodes=n[1-3] MaxTime=INFINITE Default=YES
PartitionName=gpu Nodes=n[2-3] MaxTime=INFINITE
CONF
cat >"$home/gres.conf" <<CONF
NodeName=n2 Name=gpu Type=pretended File=$home/nvidia[0-1]
NodeName=n3 Name=gpu Type=pretended File=$home/nvidia[2-3]
CONF

stop
munged --force --key-file="$home/munge.key" --socket="$home/munge.socket" --pid-file="$home/munged.pid" \
    --log-file="$home/munged.log" --seed-file="$home/munge.seed"
# not SLURM_CONF: Snakemake's job step drops it
mkdir -p /etc/slurm && ln -sf "$home/slurm.conf" "$home/gres.conf" /etc/slurm/
slurmctld -c
for node in n1 n2 n3; do slurmd -N "$node"; done
for _ in $(seq 60); do
    [ "$(sinfo --noheader --Node --format='%N %t' 2>/dev/null | sort -u | grep -c idle)" = 3 ] && break
    sleep 0.5
done
sinfo --Node --long
