#!/bin/sh
# Takes one mechanism of the engine out at a time, in a copy, and sees that the test of its promise fails.
# Usage: scripts/mutants.sh [name…]; prints a line for each; exit 1 when a test does not notice.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -R "$root/shared" "$root/schemas" "$copy/"
cd "$copy/shared"
missed=0

# mutant NAME FILES PERL-SUBSTITUTION TEST
mutant() {
	case " $wanted " in "  " | *" $1 "*) ;; *) return ;; esac
	rm -rf "$copy/kept" && cp -R engine "$copy/kept"
	(cd engine && perl -0pi -e "$3" $2)
	if diff -qr engine "$copy/kept" >/dev/null; then
		echo "STALE   $1: the code it changes is not there any more"
		missed=1
	elif GOWORK=off go test -count=1 -timeout 120s -run "$4" ./engine >"$copy/out" 2>&1; then
		echo "MISSED  $1: $4 still passes"
		missed=1
	elif ! grep -q -e '--- FAIL' -e 'panic:' "$copy/out"; then
		echo "BROKEN  $1: does not compile"
		sed 's/^/        /' "$copy/out" | head -5
		missed=1
	else
		echo "noticed $1: by $4"
	fi
	rm -rf engine && mv "$copy/kept" engine
}
wanted="$*"

mutant left-over-not-published publish.go 's/load := q\.behind && len\(q\.queue\) == 0/load := false/' TestWhatWasCommittedBeforeADeathIsPublishedAfterIt
mutant gap-in-memory-published part.go 's/ \|\| records\[0\]\.Sequence != q\.next\+int64\(len\(q\.queue\)\)//' 'TestAPublisherThatStoodStill|TestManyCommands'
mutant repeats-applied feed.go 's/case rec\.Sequence <= r\.last:/case false:/; s/case rec\.Sequence == r\.last\+1:/case true:/' TestARepeatedRecordIsDropped
mutant hole-stepped-over feed.go 's/case rec\.Sequence == r\.last\+1:/case rec.Sequence > r.last:/' TestAHoleIsNeverSteppedOver
mutant hole-not-reported feed.go 's/r\.hole\.asked = time\.Now\(\)\n/r.hole.asked = time.Now()\n\treturn\n/' TestAHoleIsNeverSteppedOver
mutant log-not-matched feed.go 's/r\.match = r\.next > 0 && r\.id != ""/r.match = false/' TestAConsumerRecoversFromALogThatLostItsTail
mutant lost-log-not-rewound feed.go 's/lost := kafka\.IsOutOfRange\(got\.Err\)/lost := false/; s/lost = true/lost = false/' TestAConsumerRecoversFromAWipedLog
mutant own-topic-not-read publish.go 's/behind: true, verify: true,/behind: true,/' TestAPublisherFillsATopic
mutant repair-ignored publish.go 's/q\.missing, q\.verify = sequence, true/_ = q/' TestAPublisherToldOfAHole
mutant former-owner-not-fenced write.go 's/ AND w\.sequence = m\.since RETURNING/ RETURNING/; s/if moved != n \|\| leased == 0/if false/' TestAPausedOwnerIsReplaced
mutant silent-owner-not-replaced lease.go 's/SELECT pg_terminate_backend\(pid\) FROM engine/SELECT false FROM engine/' TestAPausedOwnerIsReplaced
mutant halted-transaction-not-ended lease.go 's/SELECT pg_terminate_backend\(a\.pid\)/SELECT false/' TestAnOwnerThatStandsStillInsideABatch
mutant others-overtake-parked batch.go 's/ \|\| \(b\.w\.parked\[key\] \|\| b\.parking\[key\]\) && in\.number == 0/ || key == ""/' TestPoisonParksItsKeyOnly
mutant parked-keys-forgotten write.go 's/w\.parked\[k\] = true/_ = k/' TestPoisonParksItsKeyOnly
mutant open-calls-forgotten call.go 's/range open \{/range open[:0] {/' TestACallWhoseAnswerIsLost
mutant second-try-is-a-first call.go 's/Data: data\}, 2\)/Data: data}, 1)/' TestACallWhoseAnswerIsLost
mutant deadlines-not-settled emit.go 's/b\.deadline\[deadlineKey\{e\.Key, since\}\] = nil/_, _ = e, since/' TestADeadlineFallsDue
mutant moved-deadlines-fire 'deadline.go write.go' 's/ AND due_at <= now\(\) (ORDER|RETURNING)/ $1/' TestADeadlineFallsDue
mutant later-deadline-moved deadline.go 's/ AND id = \$3 AND/ AND $3 <> \x27\x27 AND/' TestAMoveOfADeadline
mutant older-move-wins deadline.go 's/ OR moved_at < \$6/ OR \$6 > \x27-infinity\x27/' TestAMoveOfADeadline
mutant claims-what-is-read feed.go 's/r\.last, r\.hole = rec\.Sequence, nil/r.last, r.hole = rec.Sequence, nil\n\t\t\tr.applied.Store(rec.Sequence)/' TestAStandingNeverClaims
mutant lag-of-the-publisher-hidden standings.go 's/p\.ParkedCount = of\.Last, /p.ParkedCount = p.Published, /' TestAStandingTellsHowFarThePublisher
mutant answered-but-still-tried call.go 's/w\.tried\(asked\.ID\)/_ = w.tried/' TestAStandingTellsWhatIsAskedAgain
mutant silent-when-idle standings.go 's/quiet < heartbeat && bytes/bytes/' TestAnIdleProcess
mutant leaves-without-a-word standings.go 's/s\.Leaving = true/_ = s/' TestAProcessSpeaks
mutant standing-too-large standings.go 's/most == 0 \|\| kafka/true || kafka/' TestAStandingFits
mutant moves-not-read-back control.go 's/askedBefore = 1000/askedBefore = 0/' TestAMoveAskedForWhile
mutant parked-try-forgotten park.go 's/in\.form, in\.try = answered, p\.Try/in.form = answered/' TestAnAnswerThatWasParked
mutant try-forgotten batch.go 's/in\.try > 1/in.try > 1000/' TestTheTopicTells
mutant via-not-published-again outbox.go 's/ Via: r\.Via,//' TestARecordPublishedAgain
mutant uncertain-commit-repeated-blindly 'worker.go write.go' 's/refuse\(batch, err\)\n\t\t\treturn err\n\t\tcase database/refuse(batch, err)\n\t\t\tcontinue\n\t\tcase database/; s/ AND w\.sequence = m\.since RETURNING/ RETURNING/' TestABatchWhoseCommitIsUncertain
mutant strays-not-adopted call.go 's/AND stray FOR UPDATE/AND false FOR UPDATE/' TestAQuestionCommittedByAProcessWithout
mutant batch-not-taken-apart worker.go 's/case len\(batch\) > 1:/case false:/' TestABatchThatFailsAsAWhole
mutant one-commit-per-command worker.go 's/n := min\(len\(w\.queue\), w\.e\.BatchSize\)/n := min(len(w.queue), 1)/' TestManyCommandsAreOneCommit
exit $missed
