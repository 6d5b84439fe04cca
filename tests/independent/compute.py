"""Values of independent libraries for tests/published.rs, from matrices that both sides draw from the same seeds.

Run once, with the versions that stand in values.json:
    pip install scikit-criteria pymcdm scikit-learn scipy && python compute.py
"""
import numpy as np, json, warnings
warnings.filterwarnings('ignore')
import importlib.metadata as md
import scipy, sklearn, pymcdm, skcriteria
from scipy.stats import kendalltau
from sklearn.metrics import adjusted_rand_score, silhouette_score
from pymcdm import weights as W, methods as M, normalizations as N
from skcriteria.preprocessing import weighters as SW
from skcriteria.preprocessing.scalers import *
import skcriteria as skc
from skcriteria.agg.similarity import TOPSIS as STOPSIS
from skcriteria.agg.simple import WeightedSumModel, WeightedProductModel
def splitmix(seed):
    s=seed&(2**64-1)
    while True:
        s=(s+0x9E3779B97F4A7C15)&(2**64-1)
        m=((s^(s>>30))*0xBF58476D1CE4E5B9)&(2**64-1)
        m=((m^(m>>27))*0x94D049BB133111EB)&(2**64-1)
        yield ((m^(m>>31))>>11)/2**53
out={"versions":{"numpy":np.__version__,"scipy":scipy.__version__,"scikit-learn":sklearn.__version__,"pymcdm":md.version("pymcdm"),"scikit-criteria":md.version("scikit-criteria")},"cases":[]}
def add(fn,lib,seed,rows,cols,expected,**k): out["cases"].append(dict(function=fn,library=lib,seed=seed,rows=rows,columns=cols,expected=expected,**k))
for seed,rows,cols in [(1,8,3),(2,40,5),(3,200,7),(4,25,2)]:
    g=splitmix(seed); X=np.array([[0.5+9.5*next(g) for _ in range(cols)] for _ in range(rows)])
    w=np.array([0.1+next(g) for _ in range(cols)]); w=w/w.sum()
    t=np.array([1 if next(g)<0.7 else -1 for _ in range(cols)])
    L=lambda a:[float(x) for x in a]
    ones=np.ones(cols)
    add("entropy","pymcdm",seed,rows,cols,L(W.entropy_weights(X)))
    add("std","pymcdm",seed,rows,cols,L(W.standard_deviation_weights(X)))
    add("critic","pymcdm",seed,rows,cols,L(W.critic_weights(X)),types=[1]*cols)
    dm=skc.mkdm(X,[1]*cols)
    add("entropy","scikit-criteria",seed,rows,cols,L(SW.EntropyWeighter().transform(dm).weights))
    add("std","scikit-criteria",seed,rows,cols,L(SW.StdWeighter().transform(dm).weights))
    add("critic","scikit-criteria",seed,rows,cols,L(SW.CRITIC(correlation="pearson",scale=True).transform(dm).weights),types=[1]*cols)
    dmt=skc.mkdm(X,t)
    try: add("critic","scikit-criteria, cost criteria turned round",seed,rows,cols,L(SW.CRITIC(correlation="pearson",scale=True).transform(dmt).weights),types=[int(x) for x in t])
    except Exception as e: print("critic cost",e)
    for nm,nf in [("minmax",N.minmax_normalization),("vector",N.vector_normalization),("sum",N.sum_normalization),("max",N.linear_normalization)]:
        try:
            add("topsis","pymcdm",seed,rows,cols,L(M.TOPSIS(nf)(X,w,t)),weights=L(w),types=[int(x) for x in t],normalisation=nm)
        except Exception as e: print("topsis",nm,e)
    for nm,nf in [("minmax",N.minmax_normalization),("sum",N.sum_normalization)]:
        add("weighted_sum","pymcdm",seed,rows,cols,L(M.WSM(nf)(X,w,t)),weights=L(w),types=[int(x) for x in t],normalisation=nm)
        if nm=="sum": add("weighted_product","pymcdm",seed,rows,cols,L(M.WPM(nf)(X,w,t)),weights=L(w),types=[int(x) for x in t],normalisation=nm)
    try:
        sm=skc.mkdm(X,[1]*cols,weights=w)
        add("topsis","scikit-criteria",seed,rows,cols,L(STOPSIS().evaluate(VectorScaler(target="matrix").transform(sm)).e_.similarity),weights=L(w),types=[1]*cols,normalisation="vector")
        add("weighted_product","scikit-criteria",seed,rows,cols,L(10**WeightedProductModel().evaluate(sm).e_.score),weights=L(w),types=[1]*cols,normalisation="none")
    except Exception as e: print("skc",repr(e))
for seed,n,levels in [(11,10,0),(12,200,0),(13,500,7),(14,1000,3),(15,4,1)]:
    g=splitmix(seed); a=[];b=[]
    for _ in range(n):
        u,v=next(g),next(g)
        if levels: u,v=np.floor(u*levels),np.floor((0.6*u+0.4*v)*levels)
        else: v=0.5*u+0.5*v
        a.append(float(u)); b.append(float(v))
    tau=kendalltau(a,b).statistic
    add("kendall_tau_b","scipy",seed,n,2,None if np.isnan(tau) else float(tau),levels=levels)
for seed,n,k,l in [(21,12,2,3),(22,300,4,4),(23,1000,6,3),(24,50,1,4)]:
    g=splitmix(seed); a=[];b=[]
    for _ in range(n):
        u,v=next(g),next(g); a.append(int(u*k)); b.append(int((0.7*u+0.3*v)*l))
    add("adjusted_rand","scikit-learn",seed,n,2,float(adjusted_rand_score(a,b)),clusters=[k,l])
for seed,n,c,k in [(31,20,2,2),(32,300,4,3),(33,500,6,5)]:
    g=splitmix(seed); X=np.array([[100*next(g) for _ in range(c)] for _ in range(n)]); lab=[int(X[i,0]/100*k) for i in range(n)]
    add("silhouette","scikit-learn",seed,n,c,float(silhouette_score(X,lab)),clusters=k)
json.dump(out, open("values.json", "w"), indent=1)
print(out["versions"],len(out["cases"]))
