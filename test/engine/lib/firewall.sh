# lib/firewall.sh: what an engine leaves in the machine's own network: rules of iptables and bridges.
# Sourced by engine. Its own are those with an address of its range, and what only they lead to.

our_bridges() { ip -4 -o addr show | awk -v net="$NET." 'index($4, net) == 1 { print $2 }'; }

# Netavark 1.4 sends a port published on 127.0.0.1 alone to its container with the sender's address as it is, so that the
# answer goes to the container's own loopback.  A port on all addresses and later netavarks have such a rule by themselves.
let_loopback_in() {
	local rule=(POSTROUTING -s 127.0.0.0/8 -d "$POOL" -m comment --comment "orchestration-engine $NAME" -j MASQUERADE)
	iptables -w -t nat -C "${rule[@]}" 2>/dev/null || iptables -w -t nat -A "${rule[@]}"
}

# our_rules TABLE: commands for iptables-restore that take them away
our_rules() {
	iptables-save -t "$1" | awk -v table="$1" -v net="$NET." -v bridges=" $(our_bridges | tr '\n' ' ')" '
		function word_in(list,   i) { for (i = 3; i <= NF; i++) if (index(list, " " $i " ")) return 1; return 0 }
		function mentions() { return index($0, " " net) || index($0, "/" net) || word_in(bridges) }
		{ line[NR] = $0 }
		/^-A/ && mentions() { for (i = 2; i <= NF; i++) if ($i ~ /^NETAVARK-(DN-)?[0-9A-F]+$/) chains[$i] }
		END {
			print "*" table
			for (n = 1; n <= NR; n++) {
				$0 = line[n]
				if (!/^-A/) continue
				if (mentions() || $2 in chains || $NF in chains) { sub(/^-A/, "-D"); print }
			}
			for (chain in chains) print "-X " chain
			print "COMMIT"
		}'
}

# Chains that all netavarks of a machine share, and make anew when they miss them.
unused_chains() { # TABLE
	iptables-save -t "$1" | awk -v table="$1" '
		/^:NETAVARK/ { chains[substr($1, 2)] }
		/^-A NETAVARK/ && !/MARK|MASQUERADE/ { used = 1 }
		/^-A/ && $0 ~ /-j NETAVARK/ && $2 !~ /^NETAVARK/ { sub(/^-A/, "-D"); jumps = jumps $0 "\n" }
		END {
			if (used) exit
			print "*" table
			printf "%s", jumps
			for (chain in chains) print "-F " chain
			for (chain in chains) print "-X " chain
			print "COMMIT"
		}'
}

clear_firewall() {
	local table
	for table in nat filter; do
		our_rules $table | iptables-restore -w --noflush
		unused_chains $table | iptables-restore -w --noflush
	done
}

clear_links() {
	local bridge
	for bridge in $(our_bridges); do ip link del "$bridge"; done
}
