# shellcheck shell=bash
# The S3 part: Ceph with one monitor, one OSD and one radosgw, without authentication inside, on loopback.
# Sourced by contrib/dev/stack.

S3_BUCKETS=(target-1 target-2 target-3 target-4 target-5 target-6 target-7 target-8)
S3_FORBIDDEN=forbidden

s3_url() {
	printf 'http://127.0.0.1:%s' "$S3_PORT"
}

# s3_request main|other METHOD PATH [CURL OPTION...]
s3_request() {
	local key=$S3_ACCESS_KEY_ID secret=$S3_SECRET_ACCESS_KEY
	if [[ $1 == other ]]; then
		key=$S3_OTHER_ACCESS_KEY_ID secret=$S3_OTHER_SECRET_ACCESS_KEY
	fi
	# Without the header curl 7.88 signs a payload hash that it does not send.
	curl -sS --fail-with-body --aws-sigv4 "aws:amz:$S3_REGION:s3" --user "$key:$secret" \
		-H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' -X "$2" "$(s3_url)/$3" "${@:4}"
}

s3_configuration() {
	cat <<-END
		[global]
		fsid = $(cat /proc/sys/kernel/random/uuid)
		mon host = [v2:127.0.0.1:$MON_PORT]
		mon initial members = a
		public addr = 127.0.0.1
		cluster addr = 127.0.0.1
		auth cluster required = none
		auth service required = none
		auth client required = none
		mon data = $DIR/ceph/mon
		osd data = $DIR/ceph/osd
		run dir = $DIR/ceph
		admin socket =
		keyring = /dev/null
		log to stderr = true
		err to stderr = true
		log file =
		mon cluster log file =
		mon cluster log to stderr = false
		paxos propose interval = 0.05
		mon allow pool size one = true
		mon allow pool delete = true
		mon pg warn min per osd = 0
		mon max pg per osd = 1000
		osd pool default size = 1
		osd pool default min size = 1
		osd pool default pg num = 8
		osd pool default pg autoscale mode = off
		osd crush chooseleaf type = 0
		osd objectstore = $S3_STORE
		mon data avail warn = 1
		mon data avail crit = 0
		memstore device bytes = 8589934592
		bluestore block size = 34359738368
		bluestore fsck quick fix on mount = false
		osd memory target = 1073741824
		osd fast shutdown = false
		rgw frontends = beast endpoint=127.0.0.1:$S3_PORT
		rgw dns name = s3.localhost
		rgw crypt require ssl = false
		rgw crypt s3 kms backend = testing
		rgw crypt s3 kms encryption keys = audit-key=MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=
		rgw enable usage log = false
		rgw enable gc threads = true
		rgw gc obj min wait = 1
		rgw run sync thread = false
		rgw dynamic resharding = false
		rgw num rados handles = 1
		rgw thread pool size = 128
		debug rgw = 0
		[client]
		ms mon client mode = crc
	END
}

s3_create() {
	local ceph=$DIR/ceph
	rm -rf "$ceph"
	mkdir -p "$ceph/mon" "$ceph/osd"
	s3_configuration >"$ceph/ceph.conf"
	CEPH_CONF=$ceph/ceph.conf monmaptool --create --clobber --fsid "$(
		sed -n 's/^fsid = //p' "$ceph/ceph.conf"
	)" --addv a "[v2:127.0.0.1:$MON_PORT]" "$ceph/monmap" >>"$DIR/log/ceph-setup.log" 2>&1 ||
		s3_failed
	own "$ceph"
	"${AS_USER[@]}" ceph-mon -c "$ceph/ceph.conf" -i a --mkfs --monmap "$ceph/monmap" \
		>>"$DIR/log/ceph-setup.log" 2>&1 || s3_failed
}

s3_failed() {
	show_log "$DIR/log/ceph-setup.log"
	die "setting up Ceph failed (log: $DIR/log/ceph-setup.log)"
}

# ceph_command ARGUMENT...: the monitor's command line.
ceph_command() {
	ceph -c "$DIR/ceph/ceph.conf" --connect-timeout 20 "$@" >>"$DIR/log/ceph-setup.log" 2>&1
}

s3_create_osd() {
	local uuid
	uuid=$(cat /proc/sys/kernel/random/uuid)
	ceph_command osd new "$uuid" || s3_failed
	"${AS_USER[@]}" ceph-osd -c "$DIR/ceph/ceph.conf" -i 0 --mkfs --osd-uuid "$uuid" \
		>>"$DIR/log/ceph-setup.log" 2>&1 || s3_failed
}

s3_create_user() {
	"${AS_USER[@]}" radosgw-admin -c "$DIR/ceph/ceph.conf" user create --uid "$1" \
		--display-name "$1" --access-key "$2" --secret "$3" --max-buckets 0 \
		>>"$DIR/log/ceph-setup.log" 2>&1
}

s3_answers() {
	[[ $(curl -s -m 2 -o /dev/null -w '%{http_code}' "$(s3_url)/") == 200 ]]
}

s3_create_buckets() {
	local bucket
	for bucket in "${S3_BUCKETS[@]}"; do
		s3_request main PUT "$bucket" >/dev/null || die "cannot create the bucket $bucket"
	done
	s3_request other PUT "$S3_FORBIDDEN" >/dev/null ||
		die "cannot create the bucket $S3_FORBIDDEN"
}

s3_start() {
	local begin new=false
	if is_running radosgw; then
		say "s3 runs already on port $S3_PORT (pid $PID)"
		return
	fi
	command -v radosgw ceph-mon ceph-osd ceph >/dev/null ||
		die "Ceph is not installed: run contrib/dev/prepare stack"
	begin=$(milliseconds)
	[[ -f $DIR/ceph/complete ]] || new=true
	$new && s3_create
	is_running ceph-mon || launch ceph-mon ceph-mon -c "$DIR/ceph/ceph.conf" -i a -f
	$new && s3_create_osd
	if ! is_running ceph-osd; then
		: >"$DIR/log/ceph-osd.log"
		launch ceph-osd ceph-osd -c "$DIR/ceph/ceph.conf" -i 0 -f
	fi
	if $new; then
		s3_create_user courier "$S3_ACCESS_KEY_ID" "$S3_SECRET_ACCESS_KEY" || s3_failed
		s3_create_user other "$S3_OTHER_ACCESS_KEY_ID" "$S3_OTHER_SECRET_ACCESS_KEY" ||
			s3_failed
	fi
	# A gateway that comes before the OSD waits 5 s before it tries again.
	await ceph-osd 30 grep -q 'booting -> active' "$DIR/log/ceph-osd.log"
	launch radosgw radosgw -c "$DIR/ceph/ceph.conf" -n client.rgw -f
	await radosgw 60 s3_answers
	$new && s3_create_buckets
	touch "$DIR/ceph/complete"
	say "s3 is up on port $S3_PORT ($(since "$begin"), radosgw on $S3_STORE, pid $(
		cut -d' ' -f1 "$DIR/run/radosgw.pid"
	))"
}

# The monitor and the OSD stay: they hold the objects.
s3_stop_gateway() {
	end radosgw
	say "s3 is stopped"
}

# The OSD before its monitor: it writes its memory to disk at its end, and tells the monitor.
s3_stop() {
	end radosgw
	end ceph-osd
	end ceph-mon
	say "s3 is stopped"
}

# Deletes what a bucket lists, a thousand keys at a time. The keys go back as they came: escaped for XML.
s3_empty_bucket() {
	local who=$1 bucket=$2 listing keys md5
	while :; do
		listing=$(s3_request "$who" GET "$bucket?max-keys=1000") ||
			die "cannot list the bucket $bucket: $listing"
		keys=$(grep -o '<Key>[^<]*</Key>' <<<"$listing") || return 0
		{
			printf '<Delete><Quiet>true</Quiet>'
			printf '%s' "${keys//$'\n'/}" | sed 's|<Key>[^<]*</Key>|<Object>&</Object>|g'
			printf '</Delete>'
		} >"$DIR/run/delete.xml"
		md5=$(openssl dgst -md5 -binary "$DIR/run/delete.xml" | base64)
		s3_request "$who" POST "$bucket?delete=" -H "Content-MD5: $md5" \
			-H 'Content-Type: application/xml' --data-binary "@$DIR/run/delete.xml" \
			>/dev/null || die "cannot empty the bucket $bucket"
	done
}

s3_reset() {
	local bucket
	is_running radosgw || die "s3 does not run"
	for bucket in "${S3_BUCKETS[@]}"; do
		s3_empty_bucket main "$bucket"
	done
	s3_empty_bucket other "$S3_FORBIDDEN"
}
