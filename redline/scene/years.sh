#!/bin/sh
# 一年的工作 / A year of work: the ledger of the sample, from the first run to the report of the next year.
# SYNTHETIC 合成数据: every place, person, office and document in it is invented. 地点、人员、单位、文件均为虚构。
#
# It is run in the folder of the sample, after "greenshield run job.yaml": sh years.sh
set -eu

say() { printf '\n== %s\n' "$*"; }
county() { greenshield ledger "$@" --as 李明 --level county; }
city() { greenshield ledger "$@" --as 王建国 --level city; }
province() { greenshield ledger "$@" --as 张敏 --level province; }

say '建立台账，纳入2015—2020年的结果 / found the ledger, add the run 2015-2020'
province init --code 990000 --name 示例省问题点位台账 --at 2020-06-01
greenshield ledger add out --at 2020-06-02

say '县级核查人员在 QGIS 中填写 review.gpkg 的副本 / a county judges in a copy of review.gpkg, in QGIS'
cp out/review.gpkg 示例县B.gpkg
ogrinfo -q 示例县B.gpkg -sql "UPDATE candidates SET verdict = 'confirmed', reviewer = '李明', rev_date = '2020-06-15'
  WHERE cand_id IN ('C3t6dtin1ogdklukg', 'C1ckubvn1q2s0socj', 'C8jb59asca3m30l2c', 'Cci352sfqiricnslq')" >/dev/null
ogrinfo -q 示例县B.gpkg -sql "UPDATE candidates SET verdict = 'refuted', rev_reason = 'class', reviewer = '李明',
  rev_date = '2020-06-15', rev_note = '现场为林地' WHERE adm_code = '990102' AND severity = 1" >/dev/null
county take 示例县B.gpkg --at 2020-06-16

say '三处立案，建立四项清单 / three of them are filed, with the four lists complete'
rebound=990000-000218 # 示例生态保护红线3号，拆除后2021年再次出现 / is there again in 2021
unreal=990000-000269  # 示例生态保护红线23号，上报已整改而实际未动 / is said to be rectified and is not
cleared=990000-000327 # 示例生态保护红线3号，确已恢复 / is really cleared
for id in $rebound $unreal $cleared; do
  county advance $id --to filed --at 2020-06-18
  county set $id problem=占用林地建设厂房 measures=拆除建筑、恢复植被 measure_kind=demolition standard=恢复林地 \
    responsible_unit=示例镇政府 responsible_person=赵强 due_date=2020-08-31 lists=示例1+1+N goal=恢复原状 \
    result=建筑已拆除，已补植 office=示例县自然资源局 phone=0000-0000000 email=shili@example.invalid --at 2020-06-20
  county advance $id --to rectifying --at 2020-06-22
  printf '整改照片 %s\n' $id > 整改照片-$id.txt
  county set $id --evidence 整改照片-$id.txt --at 2020-08-20
  county advance $id --to submitted --done-date 2020-08-18 --at 2020-08-21
done

say '两处验收、公示、销号 / two are accepted, made public and struck off'
for id in $rebound $cleared; do
  county advance $id --to county_checked --accept-unit 示例县林业局 --at 2020-09-01
  city advance $id --to city_accepted --accept-unit 示例市林业局 --at 2020-09-08
  province advance $id --to province_accepted --accept-unit 示例省林业局 --at 2020-09-15
  city advance $id --to publicity --start 2020-09-16 --days 10 --at 2020-09-16
  greenshield ledger notice $id --out 公示-$id.html
  city advance $id --to struck_off --at 2020-10-20
done

say '两件信访：一件指向已有点位，一件没有 / two petitions: one meets a case, one does not'
county leads petitions.csv --source 信访 --map number=编号,date=日期,text=内容,lon=经度,lat=纬度 --at 2021-03-10

say '2021年的影像：带台账运行，再纳入台账 / the map of 2021: a run that knows the ledger, added to it'
greenshield run job2021.yaml --quiet
greenshield ledger add out2021 --at 2021-12-20

say '疑似反弹与疑似虚假整改，须人工核实 / suspicions, which a person has to look into'
greenshield ledger list --suspected
say '规模扩大、合并、拆分 / grown, merged, split'
greenshield ledger list --relation grown,merged,split
say '信访线索 / leads'
greenshield ledger list --lead

say '台账报表 / the report of the ledger'
greenshield ledger report --out 台账2021 --day 2021-12-31 --since 2021-01-01
greenshield ledger qgis --day 2021-12-31
greenshield ledger verify
