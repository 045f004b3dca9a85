# make demo   builds the program, writes the built-in sample scene to out/demo, runs it, and keeps a ledger of it for a year
# make test   runs all tests of Go; TESTFLAGS are flags of go test, such as -count=1; make -j 2 test runs two parts at a time
# make test-all  all of these and of those below but test-kubernetes, each once, as many at a time as -j says; installs all packages first
# make packages  installs these alone
# make test-qgis     opens review.qgz and review.gpkg of the demo, of it with dates of zones, and without maps between, in QGIS, judges candidates, 30 of them by keys, reads verdicts back, prints a sheet; a ledger in QGIS, and what is filled in there
# make test-browser  opens report.html of the same a ledger.html and a visits.html in Chromium, as they are read and as they are printed; CHROMIUM names another than Debian's
# make test-office   has LibreOffice print workbooks, and looks at the pages
# make test-postgis  the ledger in PostgreSQL with PostGIS: starts a cluster of its own in a temporary folder and stops it
# make test-slurm    plans carried out by Slurm: starts a controller and two nodes in a temporary folder and stops them
# make test-delegation  the examples of redline/service/examples: the server behind nginx, its unit of systemd, its container, pg_featureserv where that is found
# make test-dispatch  the manifests for Kubernetes against the types of its API and the profile of pods without rights
# make test-kubernetes  the same before an API server and the controller of Jobs of Kubernetes, whose pods are run on this machine; builds both, which takes ten minutes at first
# make test-schedule  the systemd units of a job of every year: systemd reads them, and what they do is done and traced
# make test-service  greenshield serve on copies of the demo: QGIS, GDAL and OWSLib read it, schemathesis asks what its API document allows and what not, two reviewers and an acceptor work in Chromium
# make pictures      test-qgis and test-browser, and the pictures of README.md and the manual from what they saw
# make lint   gofmt, go vet, staticcheck
# make vulncheck  known faults of the modules and of Go that this code reaches; asks https://vuln.go.dev, or a copy of it that GOVULNDB names, such as file:///srv/vulndb
# make build  bin/greenshield
# make package  out/package: a Debian package for the system that it is made on, an archive, and their SHA-256
# make test-package  makes these twice, compares them to the byte, takes the package apart and runs the demo from it
# make torture  the same and more at full size: random scenes, faults, kill points, damaged files, fuzzing, races
# make bench  whole runs on scenes of 16384 × 20480 cells against merely reading the rasters, runs with 4 and 25 maps between the epochs against runs without, runs with a pair of maps of another product against runs without, then what each report costs and the stages of a run; SCENES=anhui-10m takes one nine times as large, SCENES='stacked-(100|200|400)' zones stacked over the same ground; TURNS=1 SHRINK=8 tries it on scenes of an eighth of the rows and columns
# make bench-ledger  adding a run, lists, and what reads all of a ledger of 50,000 cases, 10 runs and 1,000,000 events, in a file and in PostGIS; SHRINK=10 takes a tenth of the cases
# make bench-serve  a server with that ledger and three runs, for 50 reviewers and 20 requests a second, for a minute alone, beside runs and beside a disk that is written to
# make bench-shards  plan, 2, 7 and 64 shards and merge against a run, and two processes against one, on a scene of 16384 × 20480 cells and on one nine times as large
# make bench-peers  the same work on a crop by GDAL's tools, by Python, by DuckDB and by GRASS
# Each target installs the Debian packages that it lacks.

# All is built as the package is, so that what was compiled for one serves the others.
export GOFLAGS += -trimpath $(if $(findstring -race,$(TESTFLAGS)),,-buildmode=pie)

PACKAGES := gcc g++ pkg-config libgdal-dev libgeos-dev libproj-dev libdeflate-dev libzstd-dev gdal-bin
GO       := go
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.7.0
DEMO     := out/demo
SCENES   := (shared|slivers|anhui-30m|sparse|deflate|zstd)(-albers)?
TURNS    := 5
SHRINK   := 1

FOR_QGIS     := qgis python3-qgis python3-gdal fonts-noto-cjk xvfb xdotool openbox x11-utils imagemagick
FOR_BROWSER  := chromium fonts-noto-cjk poppler-utils $(shell command -v npm >/dev/null || echo nodejs npm)
FOR_OFFICE   := libreoffice-calc-nogui fonts-noto-cjk poppler-utils
FOR_POSTGIS  := postgresql-postgis python3-qgis
FOR_SLURM    := slurmctld slurmd slurm-client munge strace procps python3
FOR_SERVERS  := nginx-light openssl systemd strace buildah postgresql-postgis
FOR_SCHEDULE := systemd strace
FOR_SERVICE  := qgis python3-qgis python3-owslib python3-venv
FOR_PACKAGE  := dpkg-dev lintian man-db bash-completion zsh fish

.PHONY: all build demo projected dated browser test test-program-a-l test-program-m-r test-program-rest \
	test-packages packages test-all test-qgis test-browser test-office test-postgis test-delegation test-schedule \
	test-slurm test-dispatch test-kubernetes test-service test-package pictures package hostile torture bench bench-ledger \
	bench-serve bench-shards bench-peers lint vulncheck deps clean
all: build

# A machine that was just started may be updating itself: apt's locks are waited for.
deps:
	@command -v $(GO) >/dev/null || { echo "Go is missing: install Go 1.26 or later (https://go.dev/doc/install) and run make again." >&2; exit 1; }
	@missing=; for p in $(PACKAGES); do \
	  dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; done; \
	[ -z "$$missing" ] && exit 0; \
	command -v apt-get >/dev/null || { echo "Please install:$$missing" >&2; exit 1; }; \
	sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	echo "installing$$missing"; \
	for i in 1 2 3 4 5 6; do $$sudo apt-get update -qq && break; sleep 20; done; \
	$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	  -o DPkg::Lock::Timeout=600 $$missing >/dev/null

build: deps
	$(GO) build -o bin/greenshield ./cmd/greenshield

demo: build
	rm -rf $(DEMO)
	bin/greenshield demo $(DEMO)
	bin/greenshield run $(DEMO)/job.yaml
	cd $(DEMO) && PATH=$(CURDIR)/bin:$$PATH sh years.sh

# The program's own tests, which take longest, are three parts: processes of their own, as many of them enter folders
# and look at what their process holds.
test: test-program-rest test-program-a-l test-program-m-r test-packages
test-program-a-l: deps
	$(GO) test -timeout 60m $(TESTFLAGS) ./cmd/greenshield -run '^Test[A-L]'
test-program-m-r: deps
	$(GO) test -timeout 60m $(TESTFLAGS) ./cmd/greenshield -run '^Test[M-R]'
test-program-rest: deps
	$(GO) test -timeout 60m $(TESTFLAGS) ./cmd/greenshield -skip '^Test[A-R]'
test-packages: deps
	$(GO) test -timeout 60m $(TESTFLAGS) $$($(GO) list ./... | grep -v /cmd/)

# What takes longest comes first. The packages of all are installed at once, before anything else begins; with them the
# tests of test-office and test-schedule are among those of Go.
packages test-all: PACKAGES += $(FOR_QGIS) $(FOR_BROWSER) $(FOR_OFFICE) $(FOR_POSTGIS) $(FOR_SLURM) $(FOR_SERVERS) \
	$(FOR_SCHEDULE) $(FOR_SERVICE) $(FOR_PACKAGE)
packages: deps
test-all: packages test-service test-program-rest test-packages test-browser test-program-m-r test-program-a-l test-qgis \
	test-slurm test-postgis test-package test-delegation test-dispatch

# A run of which the names are made to do harm.
hostile: deps
	GREENSHIELD_HOSTILE=$(CURDIR)/out/hostile $(GO) test -count 1 ./cmd/greenshield -run TestHostileText

# The sample on an Albers grid of another cell size, as maps of a country come, with images made of the land cover, and
# services that nobody offers, and without the newest map and those of the years between.
projected: demo
	rm -rf out/projected && cp -r $(DEMO) out/projected && rm -rf out/projected/out out/projected/lc20*.tif
	for year in 2015 2020; do gdalwarp -q -t_srs '+proj=aea +lat_1=25 +lat_2=47 +lon_0=105 +datum=WGS84' -tr 40 40 -tap \
	  -r near -dstnodata 255 $(DEMO)/lc$$year.tif out/projected/lc$$year.tif && \
	  gdal_translate -q -b 1 -b 1 -b 1 -colorinterp red,green,blue -scale 1 9 0 255 -ot Byte -a_nodata none \
	  out/projected/lc$$year.tif out/projected/image$$year.tif || exit 1; done
	sed -i '/^newest:/,$$d' out/projected/job.yaml
	printf 'image_before: image2015.tif\nimage_after: image2020.tif\n' >> out/projected/job.yaml
	printf '%s\n' "map_service: 'http://map.invalid/?c={lon},{lat}&z=1'" \
	  "basemap: 'http://tiles.invalid/{z}/{x}/{y}.png?a=1&k=2'" >> out/projected/job.yaml
	bin/greenshield run out/projected/job.yaml

# The sample with dates of zones, before, between and after the maps of its years, and none; then its year of work.
dated: build
	rm -rf out/dated
	bin/greenshield demo out/dated
	ogrinfo -q out/dated/redline.gpkg -sql 'ALTER TABLE redline ADD COLUMN PZSJ TEXT' >/dev/null
	ogrinfo -q out/dated/redline.gpkg -sql "UPDATE redline SET PZSJ = CASE fid % 4 WHEN 0 THEN '2014-12-31' \
	  WHEN 1 THEN '2018-06' WHEN 2 THEN '2020-12-31' END" >/dev/null
	sed -i '/^redline:/s/name: HXMC/&, since: PZSJ/; /^reserve:/s/}}\]/}, since: 2017}]/' out/dated/job*.yaml
	bin/greenshield run out/dated/job.yaml
	cd out/dated && PATH=$(CURDIR)/bin:$$PATH sh years.sh

test-qgis: PACKAGES += $(FOR_QGIS)
test-qgis: demo projected dated hostile
	rm -rf out/qgis && mkdir out/qgis && cp -r $(DEMO) out/projected out/dated out/hostile out/qgis # QGIS writes beside what it opens
	QT_QPA_PLATFORM=offscreen /usr/bin/python3 .ci/review.py out/qgis/demo/out out/review.png
	QT_QPA_PLATFORM=offscreen /usr/bin/python3 .ci/review.py out/qgis/projected/out out/projected.png
	QT_QPA_PLATFORM=offscreen /usr/bin/python3 .ci/review.py out/qgis/dated/out2021 out/dated2021.png
	QT_QPA_PLATFORM=offscreen /usr/bin/python3 .ci/review.py out/qgis/hostile/out
	/usr/bin/python3 .ci/reviewer.py out/qgis/demo/out out/reviewer.png
	CI=1 GREENSHIELD_LEDGER_PICTURE=$(CURDIR)/out/ledger.png $(GO) test -count 1 -v ./cmd/greenshield -run TestLedgerInQGIS

browser test-browser: PACKAGES += $(FOR_BROWSER)
browser: deps
	cd .ci/browser && npm ci --no-audit --no-fund
test-browser: demo projected dated hostile browser
	node .ci/browser/report.test.mjs $(DEMO)/out/report.html out/report
	node .ci/browser/report.test.mjs out/projected/out/report.html
	node .ci/browser/report.test.mjs out/dated/out2021/report.html
	node .ci/browser/report.test.mjs out/hostile/out/report.html
	GREENSHIELD_LEDGER=$(CURDIR)/out/ledger $(GO) test -count 1 ./cmd/greenshield -run TestLedgerReport
	node .ci/browser/ledger.test.mjs out/ledger/ledger.html out/ledger/page
	rm -rf out/visits && cp $(DEMO)/ledger.gpkg out/visits.gpkg
	bin/greenshield ledger plan-visits --ledger out/visits.gpkg --days 3 --from 117.2,31.1 --out out/visits
	node .ci/browser/visits.test.mjs out/visits/visits.html out/visits/page

test-office: PACKAGES += $(FOR_OFFICE)
test-office: deps
	$(GO) test -count 1 -v ./redline/sheets -run TestPrinted

test-postgis: PACKAGES += $(FOR_POSTGIS)
test-postgis: deps
	.ci/postgis $(GO) test -timeout 20m -count 1 $(TESTFLAGS) ./redline/ledgerpg
	.ci/postgis $(GO) test -timeout 20m -count 1 $(TESTFLAGS) ./redline/service/register ./redline/service/intake
	.ci/postgis $(GO) test -timeout 20m -count 1 $(TESTFLAGS) ./cmd/greenshield -run 'TestLedger(Database|Edits)|TestServeKilled'

test-slurm: PACKAGES += $(FOR_SLURM)
test-slurm: deps
	.ci/slurm $(GO) test -timeout 20m -count 1 $(TESTFLAGS) ./cmd/greenshield -run '^TestSlurm(Cluster)?$$'

# Tests skip what is missing; with CI set they fail.
test-delegation: PACKAGES += $(FOR_SERVERS)
test-delegation: deps
	CI=1 .ci/postgis $(GO) test -count 1 -v $(TESTFLAGS) ./cmd/greenshield -run TestDelegation

# In modules of their own: what they take of Kubernetes is nothing of the program.
test-dispatch: build
	cd .ci/manifests && GREENSHIELD=$(CURDIR)/bin/greenshield $(GO) test -count 1 $(TESTFLAGS) .

test-kubernetes: build
	cd .ci/kubernetes && GREENSHIELD=$(CURDIR)/bin/greenshield $(GO) test -timeout 20m -count 1 $(TESTFLAGS) .

test-schedule: PACKAGES += $(FOR_SCHEDULE)
test-schedule: deps
	CI=1 $(GO) test -count 1 -v $(TESTFLAGS) ./cmd/greenshield -run TestSchedule

test-service: PACKAGES += $(FOR_SERVICE) $(FOR_BROWSER)
test-service: demo projected browser
	.ci/service/run $(DEMO)

pictures: test-qgis test-browser
	cp out/review.png out/review-sheet.png out/report.png testdata/

package: PACKAGES += dpkg-dev
package: deps
	.ci/package out/package

test-package: PACKAGES += $(FOR_PACKAGE)
test-package: deps
	.ci/test-package

torture: PACKAGES += valgrind geographiclib-tools
torture: deps
	.ci/torture

bench: export GREENSHIELD_BENCH := $(CURDIR)/out/bench
bench: export GREENSHIELD_SHRINK = $(SHRINK)
bench: deps
	$(GO) test ./cmd/greenshield -run '^$$' -bench 'Run/^$(SCENES)$$' -benchtime $(TURNS)x -timeout 120m
	$(GO) test ./cmd/greenshield -run '^$$' -bench Between -benchtime $(TURNS)x -timeout 120m
	$(GO) test ./cmd/greenshield -run '^$$' -bench Confirm -benchtime $(TURNS)x -timeout 120m
	$(GO) test ./cmd/greenshield -run '^$$' -bench Reports -benchtime $(TURNS)x -timeout 60m
	$(GO) test ./cmd/greenshield -run '^$$' -bench Stages -benchtime 1x -v
	$(GO) test ./raster/... ./vector/... ./redline/... -run '^$$' -bench . -benchtime 1s

bench-ledger: export GREENSHIELD_BENCH := $(CURDIR)/out/bench
bench-ledger: export GREENSHIELD_SHRINK = $(SHRINK)
bench-ledger: PACKAGES += postgresql-postgis postgresql-client
bench-ledger: deps
	.ci/postgis $(GO) test ./cmd/greenshield -run '^$$' -bench Ledger -benchtime $(TURNS)x -timeout 180m

bench-serve: export GREENSHIELD_BENCH := $(CURDIR)/out/bench
bench-serve: export GREENSHIELD_SHRINK = $(SHRINK)
bench-serve: deps
	$(GO) test ./cmd/greenshield -run '^$$' -bench Serve -benchtime $(TURNS)x -timeout 180m -v

bench-shards: export GREENSHIELD_BENCH := $(CURDIR)/out/bench
bench-shards: export GREENSHIELD_SHRINK = $(SHRINK)
bench-shards: deps
	$(GO) test ./cmd/greenshield -run '^$$' -bench Shards -benchtime $(TURNS)x -timeout 180m

bench-peers: PACKAGES += python3-venv python3-gdal grass-core libsqlite3-mod-spatialite time
bench-peers: build
	.ci/bench-peers

vulncheck: deps
	$(GO) run $(GOVULNCHECK) $(if $(GOVULNDB),-db $(GOVULNDB)) ./...

lint: deps
	@bad=$$(gofmt -l .); [ -z "$$bad" ] || { echo "not formatted:" $$bad; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...

clean:
	rm -rf bin out
